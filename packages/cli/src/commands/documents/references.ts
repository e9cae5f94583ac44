import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CliError } from '../../cli-error.js'

type Env = Readonly<Record<string, string | undefined>>

const reference = /^(secret|connection):(.+)$/
const path = /^[A-Za-z0-9_-][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/

/**
 * The config with `connection:NAME` and `secret:NAME` replaced by what they stand for, from the
 * same variables that the storage service has: DATABASE_URL, POSTGRES_URL_NAME,
 * HEIRLOOM_SECRET_NAME, SECRETS_DIR.
 * @throws CliError NOT_FOUND that names the variable
 */
export async function resolveReferences(value: unknown, env: Env): Promise<unknown> {
  if (typeof value === 'string') {
    const [, kind, name = ''] = reference.exec(value) ?? []
    if (kind === undefined) return value
    return kind === 'secret' ? secret(name, env) : connection(name, env)
  }
  if (Array.isArray(value)) return Promise.all(value.map((item) => resolveReferences(item, env)))
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(
    async ([name, inner]) => [name, await resolveReferences(inner, env)] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}

function connection(name: string, env: Env): string {
  const variable = name === 'main' ? 'DATABASE_URL' : `POSTGRES_URL_${name.toUpperCase()}`
  const url = env[variable]
  if (url !== undefined && url !== '') return url
  throw new CliError('NOT_FOUND', `${variable} is missing: it stands behind connection:${name}`)
}

async function secret(name: string, env: Env): Promise<string> {
  const value = env[`HEIRLOOM_SECRET_${name}`]
  if (value !== undefined && value !== '') return value
  const folder = env['SECRETS_DIR']
  if (folder !== undefined && folder !== '' && path.test(name)) {
    const text = await readFile(join(folder, name), 'utf8').catch(() => null)
    if (text !== null) return text.replace(/\r?\n$/, '')
  }
  throw new CliError(
    'NOT_FOUND',
    `secret:${name} cannot be read: set HEIRLOOM_SECRET_${name}, or SECRETS_DIR to its folder`,
  )
}
