import { setTimeout as delay } from 'node:timers/promises'
import type { HeirloomClient } from '@heirloom/client'
import { CliError } from '../../cli-error.js'
import type { Terminal } from '../../command.js'
import { findMigration, type Migration } from './api.js'
import { createStatusLine, progressOf, word } from './show.js'

const pollMs = 500
const final = ['DONE', 'ROLLED_BACK', 'MIRRORED']

/**
 * Shows how a migration gets on until it needs nobody's patience any more: it is over, or waits for
 * somebody. Ctrl-C ends the watching, never the migration.
 * @throws CliError when it was paused by a failure
 */
export async function followMigration(
  client: HeirloomClient,
  id: string,
  terminal: Terminal,
  silent: boolean,
): Promise<Migration> {
  const line = createStatusLine(terminal)
  try {
    for (;;) {
      const migration = await findMigration(client, id)
      if (!silent) line.show(statusOf(migration))
      if (isResting(migration) || terminal.signal.aborted) return migration
      if (migration.isPaused) throw paused(migration)
      await delay(pollMs, undefined, { signal: terminal.signal }).catch(() => undefined)
    }
  } finally {
    line.end()
  }
}

function statusOf(migration: Migration): string {
  const progress = progressOf(migration)
  return `${word(migration.phase)}${progress === '' ? '' : `: ${progress}`}`
}

function isResting({ phase, options, isPaused, error }: Migration): boolean {
  if (final.includes(phase) || phase === 'ROLLBACK_WINDOW') return true
  if (phase === 'READY' && !options.autoCutOver) return true
  return isPaused && error === null
}

function paused({ id, error }: Migration): CliError {
  return new CliError(
    error?.code ?? 'CONFLICT',
    `the migration is stopped: ${error?.message ?? 'somebody stopped it'}\n` +
      `See: heirloom routes status ${id}; go on: heirloom routes resume ${id}; give up: heirloom routes rollback ${id}`,
  )
}
