import { createHash } from 'node:crypto'
import { HeirloomError, type HeirloomClient } from '@heirloom/client'
import { CliError } from '../cli-error.js'

export interface FoundLegacy {
  readonly id: string
  readonly slug: string
  readonly title: string
}

const ulid = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/
const fields = 'id slug title'

/** By id when the name has the form of one, else by slug; null when there is none. */
export async function findLegacy(
  client: HeirloomClient,
  name: string,
  signal: AbortSignal,
): Promise<FoundLegacy | null> {
  const [argument, type] = ulid.test(name) ? ['id', 'ID'] : ['slug', 'String']
  try {
    const { legacy } = await client.query<{ legacy: FoundLegacy | null }>(
      `query FindLegacy($name: ${type}!) { legacy(${argument}: $name) { ${fields} } }`,
      { name },
      { signal },
    )
    return legacy
  } catch (error) {
    if (error instanceof HeirloomError && error.code === 'NOT_FOUND') return null
    throw error
  }
}

/**
 * The legacy with this id or slug; one that is missing is created, unless it was named by an id.
 * @throws CliError NOT_FOUND for an id that names nothing
 */
export async function findOrCreateLegacy(
  client: HeirloomClient,
  name: string,
  title: string,
  signal: AbortSignal,
): Promise<{ readonly legacy: FoundLegacy; readonly created: boolean }> {
  const found = await findLegacy(client, name, signal)
  if (found !== null) return { legacy: found, created: false }
  if (ulid.test(name)) throw new CliError('NOT_FOUND', `there is no legacy with the id ${name}`)
  try {
    return { legacy: await createLegacy(client, name, title, signal), created: true }
  } catch (error) {
    if (!(error instanceof HeirloomError) || error.code !== 'CONFLICT') throw error
    // Somebody else created it in the meantime.
    const legacy = await findLegacy(client, name, signal)
    if (legacy === null) throw error
    return { legacy, created: false }
  }
}

async function createLegacy(
  client: HeirloomClient,
  slug: string,
  title: string,
  signal: AbortSignal,
): Promise<FoundLegacy> {
  // The same call again, after an answer that was lost, must not meet its own slug.
  const digest = createHash('sha256').update(`${slug}\n${title}`).digest('hex').slice(0, 32)
  const { createLegacy: payload } = await client.query<{ createLegacy: { legacy: FoundLegacy } }>(
    `mutation CreateLegacy($input: CreateLegacyInput!) { createLegacy(input: $input) { legacy { ${fields} } } }`,
    { input: { slug, title, idempotencyKey: `import-gedcom-${digest}` } },
    { signal },
  )
  return payload.legacy
}

/** The slug that a file's name suggests; empty when it has no Latin letter or digit. */
export function slugOf(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 100)
    .replace(/^-+|-+$/g, '')
}
