import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { CliError } from '../cli-error.js'

/** What a started system leaves in its data folder for this command. */
export interface CliFile {
  readonly gatewayUrl: string
  readonly tokenUrl: string
  /** The resource that tokens are asked for (RFC 8707). */
  readonly audience: string
  readonly scope?: string
  /** By tenant id. */
  readonly clients: Readonly<
    Record<string, { readonly clientId: string; readonly clientSecret: string }>
  >
  /** Addresses, as the worker role, of the databases that have an audit log. */
  readonly auditDatabases?: readonly string[]
}

const folderName = '.heirloom'
const fileName = 'cli.json'

/**
 * Looks for `.heirloom/cli.json` in a folder and all above it; a data folder that was named is
 * the only one looked at. Null when there is none.
 * @throws CliError when the named folder has none, or the file cannot be read
 */
export async function findCliFile(
  cwd: string,
  dataDir: string | undefined,
): Promise<CliFile | null> {
  if (dataDir !== undefined) {
    const path = join(resolve(cwd, dataDir), fileName)
    const file = await readCliFile(path)
    if (file !== null) return file
    throw new CliError(
      'NOT_FOUND',
      `there is no ${path}: start the system with "npm start -- --data-dir ${dataDir}" first`,
    )
  }
  for (let folder = resolve(cwd); ; folder = dirname(folder)) {
    const file = await readCliFile(join(folder, folderName, fileName))
    if (file !== null) return file
    if (folder === dirname(folder)) return null
  }
}

async function readCliFile(path: string): Promise<CliFile | null> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return null
    throw new CliError('FORBIDDEN', `${path} cannot be read: ${String(code)}`, { cause })
  }
  try {
    const file: unknown = JSON.parse(text)
    if (isCliFile(file)) return file
  } catch {
    // Reported below together with JSON of another shape.
  }
  throw new CliError(
    'INVALID_INPUT',
    `${path} is not what "npm start" writes: start the system again, and it is written anew`,
  )
}

function isCliFile(file: unknown): file is CliFile {
  if (typeof file !== 'object' || file === null) return false
  const { gatewayUrl, tokenUrl, audience, clients } = file as Partial<
    Record<keyof CliFile, unknown>
  >
  return (
    [gatewayUrl, tokenUrl, audience].every((value) => typeof value === 'string') &&
    typeof clients === 'object' &&
    clients !== null
  )
}
