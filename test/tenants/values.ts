import type { ValueOf } from '../support/operations.js'

/** Things of one tenant, that another one will ask for. */
export interface Belongings {
  readonly tenantId: string
  readonly legacyId: string
  readonly slug: string
  readonly storyId: string
  readonly personIds: readonly [string, string]
  readonly mediaId: string
  readonly pluginId: string
  readonly routeId: string
  readonly streamId: string
  readonly revisionId: string
  readonly listCursor: string
  readonly streamCursor: string
  readonly timelineCursor: string
  readonly authorId: string
}

/** How a call tries to reach what is not its own. */
export interface Attempt {
  readonly title: string
  readonly cursors: boolean
  readonly by: 'id' | 'slug'
}

export const attempts: readonly Attempt[] = [
  { title: 'by id', cursors: false, by: 'id' },
  { title: 'by id and cursor', cursors: true, by: 'id' },
  { title: 'by slug', cursors: false, by: 'slug' },
]

/** The other tenant's value wherever an argument names a thing; a harmless one everywhere else. */
export function reachingFor(their: Belongings, attempt: Attempt): ValueOf {
  return (path, typeName) => {
    const [field = ''] = path
    const name = path.at(-1) ?? ''
    if (name === 'id') return attempt.by === 'id' ? ownerOf(field, their) : otherwise(field, path)
    if (name === 'slug') return field === 'legacy' && attempt.by === 'slug' ? their.slug : undefined
    if (name === 'after') return attempt.cursors ? cursorOf(field, their) : undefined
    return ids(their)[name] ?? harmless[name] ?? (typeName === 'ID' ? their.storyId : undefined)
  }
}

function otherwise(field: string, path: readonly string[]): string | undefined {
  return field === 'legacy' && path.length === 2 ? undefined : 'none'
}

function ownerOf(field: string, their: Belongings): string {
  if (/legacy/i.test(field)) return their.legacyId
  if (/person/i.test(field)) return their.personIds[0]
  if (/media|upload/i.test(field)) return their.mediaId
  if (/plugin/i.test(field)) return their.pluginId
  if (/route/i.test(field)) return their.routeId
  if (/append/i.test(field)) return `event-${their.storyId}`.slice(0, 12)
  return their.storyId
}

function cursorOf(field: string, their: Belongings): string {
  if (/timeline/i.test(field)) return their.timelineCursor
  return /stream/i.test(field) ? their.streamCursor : their.listCursor
}

function ids(their: Belongings): Readonly<Record<string, unknown>> {
  return {
    legacyId: their.legacyId,
    storyId: their.storyId,
    personId: their.personIds[0],
    fromId: their.personIds[0],
    toId: their.personIds[1],
    mediaId: their.mediaId,
    tenantId: their.tenantId,
    streamId: their.streamId,
    authorId: their.authorId,
    externalId: 'charlotte',
    fromExternalId: 'charlotte',
    toExternalId: 'emily',
    source: 'heirloom-seed',
  }
}

const harmless: Readonly<Record<string, unknown>> = {
  query: 'parsonage',
  first: 50,
  expectedRevision: 1,
  title: 'Not yours',
  body: 'Not yours',
  name: 'not-yours',
  version: '9.9.9',
  baseUrl: 'https://plugin.example.org',
  capabilities: 'stories:read',
  resourceKind: 'event_stream',
  backendType: 'POSTGRES',
  config: { connection: 'main' },
  fileName: 'not-yours.png',
  contentType: 'image/png',
  size: 3,
  sha256: 'a'.repeat(64),
  type: 'NotYours',
  kind: 'PARENT',
}
