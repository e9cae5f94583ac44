import type { Terminal } from '../../command.js'
import type { Migration, ProvisionReport, Route } from './api.js'

/** Lines of a table, each column as wide as its widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  return rows
    .map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
    .map((line) => `${line.trimEnd()}\n`)
    .join('')
}

/** Capitals and underscores are GraphQL's. */
export function word(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}

export function routeRows(routes: readonly Route[]): readonly (readonly string[])[] {
  const head = ['ROUTE', 'KIND', 'FOR', 'BACKEND', 'STRATEGY', 'MIGRATION']
  const rows = routes.map((route) => [
    route.id,
    route.resourceKind,
    scopeOf(route),
    word(route.backendType),
    route.shadow === null
      ? word(route.strategy)
      : `${word(route.strategy)} + ${word(route.shadow.backendType)}`,
    route.migration === null ? '' : `${route.migration.id} ${word(route.migration.phase)}`,
  ])
  return [head, ...rows]
}

export function scopeOf(route: Route): string {
  const parts = [
    route.tenantId ?? 'any tenant',
    route.env,
    ...route.modes.map(word),
    ...(route.projectId === null ? [] : [`project ${route.projectId}`]),
    ...(route.surfaceId === null ? [] : [`surface ${route.surfaceId}`]),
  ]
  return parts.join(', ')
}

export function migrationRows(migrations: readonly Migration[]): readonly (readonly string[])[] {
  const head = ['MIGRATION', 'ROUTE', 'KIND', 'FROM', 'TO', 'PHASE', 'PROGRESS']
  const rows = migrations.map((one) => [
    one.id,
    one.routeId,
    one.resourceKind,
    word(one.source.backendType),
    word(one.target.backendType),
    `${word(one.phase)}${one.isPaused ? ' (stopped)' : ''}`,
    progressOf(one),
  ])
  return [head, ...rows]
}

export function progressOf({ phase, progress }: Migration): string {
  const { scanned, total, copied, compared, repaired, removed, recovered } = progress
  const of = total === null ? '' : ` of about ${total}`
  const said: Readonly<Record<string, string>> = {
    BACKFILL: `${scanned}${of} read, ${copied} copied`,
    VERIFY: `${compared} compared, ${repaired} repaired`,
    ROLL_BACK: `${compared} compared, ${repaired} repaired`,
    RETIRE: `${removed} removed`,
    UNDO: `${removed} removed`,
  }
  const made = recovered === 0 ? '' : `${recovered} late copies made up for`
  return [said[phase] ?? '', made].filter((part) => part !== '').join('; ')
}

export function migrationText(migration: Migration): string {
  const { error, differences } = migration
  const lines = [
    `${migration.id}: ${migration.resourceKind} of route ${migration.routeId}, from ${word(migration.source.backendType)} to ${word(migration.target.backendType)}`,
    `phase ${word(migration.phase)}${migration.isPaused ? ', stopped' : ''}${progressOf(migration) === '' ? '' : `: ${progressOf(migration)}`}`,
    ...(error === null ? [] : [`last error: ${oneLine(error.message)} (${error.code})`]),
    ...differences.map((one) => {
      const what = one.isRepaired ? 'repaired' : (one.reason ?? 'not repaired')
      return `difference: ${one.tenantId} ${oneLine(one.partition)} ${oneLine(one.key)}: ${word(one.kind)}, ${oneLine(what)}`
    }),
  ]
  return `${lines.join('\n')}\n`
}

export function provisionText({ done, found, refused }: ProvisionReport): string {
  const lines = [
    ...done.map((step) => `done     ${step}`),
    ...found.map((step) => `there    ${step}`),
    ...refused.flatMap(({ step, reason, command }) => [
      `refused  ${step}: ${oneLine(reason)}`,
      ...(command === null ? [] : [`         ${oneLine(command)}`]),
    ]),
  ]
  return lines.map((line) => `${line}\n`).join('')
}

/** What others wrote must not steer the terminal. */
export function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

/** One line that draws over itself on a terminal, and a line for each change elsewhere. */
export function createStatusLine(terminal: Terminal): { show(text: string): void; end(): void } {
  let last = ''
  return {
    show: (text) => {
      if (text === last) return
      last = text
      terminal.err(terminal.isInteractive ? `\r\u001b[K${text}` : `${text}\n`)
    },
    end: () => {
      if (terminal.isInteractive && last !== '') terminal.err('\n')
    },
  }
}
