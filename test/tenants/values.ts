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
  readonly messageId: string
  readonly userId: string
}

/** What the stores of one tenant keep, under names that another one can guess. */
export const storeKeys = {
  threadId: 'their-thread',
  sessionId: 'their-session',
  canvasId: 'their-canvas',
  table: 'their_table',
  key: 'their-key',
  actionName: 'their-action',
  firearmId: 'their-firearm',
  actorId: 'their-actor',
  platform: 'their-platform',
  budget: 'their-budget',
  metric: 'their-metric',
  assetId: 'their-asset',
  outputId: 'their-output',
  page: '/their-page',
  runId: 'their-run',
  database: 'default',
  collection: 'their_documents',
  path: 'their_documents/their-document',
  username: 'their-user',
  tokenId: 'their-token',
} as const

/** How a call tries to reach what is not its own. */
export interface Attempt {
  readonly title: string
  readonly cursors: boolean
  readonly by: 'id' | 'slug'
}

export const byId: Attempt = { title: 'by id', cursors: false, by: 'id' }
export const attempts: readonly Attempt[] = [
  byId,
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
    // Without them is where the other tenant's things are.
    if (name === 'surfaceId' || name === 'projectId') return undefined
    if (name === 'idempotencyKey') return typeName === 'ID' ? 'their-idempotency-key' : undefined
    if (name === 'version' && typeName === 'Int') return 1
    if (name === 'name' && field === 'people') return undefined
    if (name === 'groupBy') return 'APP'
    // A scope is a legacy or a story, not both.
    if (path.includes('scope') && name === 'legacyId') return undefined
    if (name === 'to' && typeName === 'StoryState') return 'HIDDEN'
    if (name === 'userId' && /role/i.test(field)) return their.authorId
    return ids(their)[name] ?? harmless[name] ?? (typeName === 'ID' ? their.storyId : undefined)
  }
}

function otherwise(field: string, path: readonly string[]): string | undefined {
  return field === 'legacy' && path.length === 2 ? undefined : 'none'
}

function ownerOf(field: string, their: Belongings): string {
  if (/chat/i.test(field)) return storeKeys.threadId
  if (/canvas/i.test(field)) return storeKeys.canvasId
  if (/output/i.test(field)) return storeKeys.outputId
  if (/metric/i.test(field)) return 'their-point'
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
    upToMessageId: their.messageId,
    userId: their.userId,
    routeId: their.routeId,
    clientId: 'their-client',
    lockId: 'their-lock',
    ...storeKeys,
  }
}

const harmless: Readonly<Record<string, unknown>> = {
  email: 'somebody@example.org',
  secret: 'A'.repeat(43),
  action: 'story:read',
  expiresInHours: 1,
  query: 'parsonage',
  first: 50,
  expectedRevision: 1,
  title: 'Not yours',
  body: 'Not yours',
  name: 'not-yours',
  version: '9.9.9',
  baseUrl: 'https://plugin.example.org',
  capabilities: 'stories:read',
  resourceKind: 'tabular_store',
  backendType: 'POSTGRES',
  config: { connection: 'main' },
  fileName: 'not-yours.png',
  contentType: 'image/png',
  size: 3,
  sha256: 'a'.repeat(64),
  type: 'NotYours',
  kind: 'PARENT',
  link: 'https://example.org/',
  mime: 'image/webp',
  expiresAt: '2036-01-01T00:00:00.000Z',
  from: '2026-06-01T00:00:00.000Z',
  to: '2026-06-02T00:00:00.000Z',
}
