import type { OpenedAudit } from '@heirloom/audit'
import { CliError } from '../../cli-error.js'
import type { Terminal } from '../../command.js'
import { findCliFile } from '../../connection/cli-file.js'

/**
 * Looks at each of the databases in turn. Their addresses have passwords in them, and stand in no
 * argument that others on the machine could read: they come from AUDIT_DATABASE_URLS, or are the
 * one that a worker has (WORKER_DATABASE_URL), or those of a system that `npm start` began.
 * @throws CliError NOT_FOUND without an address; AppError
 */
export async function eachAudit(
  terminal: Terminal,
  dataDir: string | undefined,
  look: (audit: OpenedAudit) => Promise<void>,
): Promise<void> {
  const urls = await databaseUrls(terminal, dataDir)
  // It brings the database's client along, which no other command needs.
  const { openAudit } = await import('@heirloom/audit')
  for (const url of urls) {
    terminal.signal.throwIfAborted()
    const audit = await openAudit(url)
    try {
      await look(audit)
    } finally {
      await audit.close()
    }
  }
}

async function databaseUrls(
  { env, cwd }: Terminal,
  dataDir: string | undefined,
): Promise<readonly string[]> {
  const named = listed(env['AUDIT_DATABASE_URLS'])
  if (named.length > 0) return named
  const ofWorker = listed(env['WORKER_DATABASE_URL'])
  if (ofWorker.length > 0) return ofWorker
  const started = (await findCliFile(cwd, dataDir))?.auditDatabases ?? []
  if (started.length > 0) return started
  throw new CliError(
    'NOT_FOUND',
    'no database is known: set AUDIT_DATABASE_URLS to the addresses of the services’ databases, as the worker role',
  )
}

function listed(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((url) => url !== '')
}
