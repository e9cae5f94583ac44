import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parse } from 'yaml'
import { tenantId, type TenantId } from '@heirloom/tenancy'
import { CliError, UsageError } from '../../cli-error.js'
import { defineCommand } from '../../command.js'
import { createStatusLine, oneLine } from '../routes/show.js'
import { resolveReferences } from './references.js'

const maxBatch = 10_000

interface Result {
  readonly done: number
  readonly total: number
  readonly skipped: readonly string[]
}

export const documentsBackfill = defineCommand({
  words: ['documents', 'backfill'],
  summary: 'give documents from before databases their database and collection_hash',
  arguments: ['CONFIG'],
  options: {
    backend: {
      type: 'string',
      placeholder: 'NAME',
      help: 'a MongoDB or a Postgres of the config, by its name there',
    },
    tenant: {
      type: 'string',
      placeholder: 'ID',
      help: 'whose the documents are that name no tenant, for example t_haworth',
    },
    database: {
      type: 'string',
      placeholder: 'NAME',
      help: 'the database that they belong in; by default "default"',
    },
    batch: { type: 'string', placeholder: 'N', help: 'so many at a time, 1 to 10000 (500)' },
    'dry-run': { type: 'boolean', help: 'say what there is to do, and change nothing' },
    json: { type: 'boolean', help: 'print the result as JSON, and no progress' },
  },
  description: `Works on the database itself, with the addresses in CONFIG: the file that the storage service is
given as DOCUMENTS_CONFIG_FILE, as YAML or JSON. What it refers to comes from the variables of the
service: DATABASE_URL, POSTGRES_URL_NAME, HEIRLOOM_SECRET_NAME, SECRETS_DIR. The service may run meanwhile. A run that was
stopped goes on when it is called again, and one more run finds nothing to do. Documents whose path
is none are left as they are and named. In the end the indexes are ensured.`,
  examples: [
    'heirloom documents backfill documents.yaml --backend mongo --tenant t_haworth --dry-run',
    'heirloom documents backfill documents.yaml --backend mongo --tenant t_haworth',
  ],
  run: async ({ values, positionals: [file = ''] }, terminal) => {
    const backend = given('backend', values.backend)
    const tenant = parseTenant(given('tenant', values.tenant))
    const batchSize = parseBatch(values.batch)
    const isDryRun = values['dry-run'] === true
    const written = await readConfig(resolve(terminal.cwd, file), file)
    const config = await resolveReferences(written, terminal.env)
    // It brings the vendors' clients along, which no other command needs.
    const { backfillDocuments } = await import('@heirloom/persistence')
    const line = createStatusLine(terminal)
    let result: Result
    try {
      result = await backfillDocuments(config, backend, {
        tenant,
        dryRun: isDryRun,
        ...(values.database === undefined ? {} : { database: values.database }),
        ...(batchSize === undefined ? {} : { batchSize }),
        signal: terminal.signal,
        onProgress: ({ done, total, skipped }) => {
          if (values.json !== true) line.show(`${done + skipped.length} of ${total} documents`)
        },
      })
    } finally {
      line.end()
      if (terminal.signal.aborted) terminal.err('stopped: call it again to go on\n')
    }
    terminal.out(values.json === true ? jsonOf(result, isDryRun) : textOf(result, isDryRun))
  },
})

function jsonOf({ done, total, skipped }: Result, isDryRun: boolean): string {
  return `${JSON.stringify({ dryRun: isDryRun, done, total, skipped })}\n`
}

function textOf({ done, total, skipped }: Result, isDryRun: boolean): string {
  if (total === 0) return 'there is nothing to do\n'
  const head = isDryRun
    ? `${done} of ${total} documents would be brought up to date`
    : `${done} of ${total} documents were brought up to date`
  const left = skipped.map((path) => `left     ${oneLine(path)}: this is no path of a document`)
  return [head, ...left].map((one) => `${one}\n`).join('')
}

function given(name: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value
  throw new UsageError(`--${name} is missing`)
}

function parseTenant(text: string): TenantId {
  try {
    return tenantId(text)
  } catch {
    throw new UsageError(`--tenant ${JSON.stringify(text)} is no id of a tenant`)
  }
}

function parseBatch(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const size = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (size >= 1 && size <= maxBatch) return size
  throw new UsageError(`--batch must be a whole number, 1 to ${maxBatch}`)
}

/** @throws CliError that repeats nothing of the file, which has passwords in it */
async function readConfig(path: string, shown: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new CliError('NOT_FOUND', `${shown} cannot be read`, { cause })
  }
  try {
    return parse(text) as unknown
  } catch {
    throw new CliError('INVALID_INPUT', `${shown} is neither YAML nor JSON`)
  }
}
