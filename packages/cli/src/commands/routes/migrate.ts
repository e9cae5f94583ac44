import { UsageError } from '../../cli-error.js'
import { defineCommand, type Command } from '../../command.js'
import { connect, connectionOptions } from '../../connection/connect.js'
import {
  findMigration,
  listMigrations,
  provisionBackend,
  startMigration,
  stepMigration,
  type Migration,
  type Step,
} from './api.js'
import { followMigration } from './follow.js'
import {
  enumName,
  jsonObject,
  jsonOption,
  required,
  targetOptions,
  wholeNumber,
} from './options.js'
import { migrationRows, migrationText, provisionText, table } from './show.js'

const detachOption = {
  type: 'boolean',
  help: 'return at once instead of showing progress',
} as const

export const routesMigrate = defineCommand({
  words: ['routes', 'migrate'],
  summary: "move a route's data to another backend while it is used",
  arguments: ['ROUTE'],
  options: {
    ...targetOptions,
    mirror: {
      type: 'string',
      placeholder: 'STRATEGY',
      help: 'dual-write or read-replica: keep both for good instead of moving',
    },
    manual: { type: 'boolean', help: 'wait for "heirloom routes cut-over" before cutting over' },
    window: {
      type: 'string',
      placeholder: 'SECONDS',
      help: 'retire so long after the cut-over; otherwise wait for "heirloom routes retire"',
    },
    rate: { type: 'string', placeholder: 'N', help: 'read at most N records a second' },
    'keep-records': { type: 'boolean', help: 'leave the records on the backend that is left' },
    rationale: { type: 'string', placeholder: 'TEXT', help: 'why; kept and announced' },
    detach: detachOption,
    ...connectionOptions,
    ...jsonOption,
  },
  description: `Phases: dual-write, backfill, verify, ready, cut-over, rollback-window, retire. Writes go on
throughout; at the cut-over they wait for a few seconds. Until it retires there is a way back:
"heirloom routes rollback". Ctrl-C ends the watching, not the migration.`,
  examples: [
    `heirloom routes migrate rt_4f… --to dynamodb --config '{"table_name":"chat","region":"eu-central-1"}' --tenant t_system`,
    `heirloom routes migrate rt_4f… --to postgres --config '{"connection":"eu"}' --manual --rate 500`,
  ],
  run: async ({ values, positionals: [routeId = ''] }, terminal) => {
    if (values.mirror !== undefined && !['dual-write', 'read-replica'].includes(values.mirror)) {
      throw new UsageError('--mirror must be dual-write or read-replica')
    }
    const input = {
      routeId,
      backendType: enumName(required('to', values.to)),
      config: jsonObject('config', values.config),
      mirror: values.mirror === undefined ? null : enumName(values.mirror),
      autoCutOver: values.manual !== true,
      rollbackWindowSeconds: wholeNumber('window', values.window),
      recordsPerSecond: wholeNumber('rate', values.rate),
      keepRecords: values['keep-records'] === true,
      rationale: values.rationale ?? null,
    }
    const client = await connect(values, terminal)
    const begun = await startMigration(client, input)
    const silent = values.json === true
    if (!silent) terminal.err(`migration ${begun.id} has begun\n`)
    const migration =
      values.detach === true ? begun : await followMigration(client, begun.id, terminal, silent)
    terminal.out(shown(migration, values.json))
  },
})

export const routesStatus = defineCommand({
  words: ['routes', 'status'],
  summary: 'show how migrations get on',
  arguments: [],
  options: {
    migration: {
      type: 'string',
      placeholder: 'ID',
      help: 'one migration, or that of a route, with its differences',
    },
    follow: { type: 'boolean', help: 'show its progress until it needs nobody any more' },
    ...connectionOptions,
    ...jsonOption,
  },
  description: `Lists the migrations of the routes that you may change, those that go on first.`,
  examples: [
    'heirloom routes status --tenant t_system',
    'heirloom routes status --migration 01JD… --follow --tenant t_system',
  ],
  run: async ({ values }, terminal) => {
    const client = await connect(values, terminal)
    if (values.migration === undefined) {
      if (values.follow === true) throw new UsageError('--follow needs --migration')
      const all = await listMigrations(client)
      const text = values.json === true ? `${JSON.stringify(all)}\n` : table(migrationRows(all))
      return terminal.out(text)
    }
    const { id } = await findMigration(client, values.migration)
    const migration =
      values.follow === true
        ? await followMigration(client, id, terminal, values.json === true)
        : await findMigration(client, id)
    terminal.out(shown(migration, values.json))
  },
})

interface StepWords {
  readonly words: readonly [string, string]
  readonly summary: string
  readonly description: string
  /** Whether it leaves a backend, whose records it may empty. */
  readonly leaves: boolean
}

function stepCommand(step: Step, { words, summary, description, leaves }: StepWords): Command {
  return defineCommand({
    words,
    summary,
    arguments: ['MIGRATION'],
    options: {
      ...(leaves
        ? {
            'keep-records': {
              type: 'boolean',
              help: 'leave the records where they are, for example when that backend is gone',
            } as const,
          }
        : {}),
      detach: detachOption,
      ...connectionOptions,
      ...jsonOption,
    },
    description: `${description}\nMIGRATION is its id, or the id of the route whose data it moves.`,
    examples: [`heirloom ${words.join(' ')} 01JD… --tenant t_system`],
    run: async ({ values, positionals: [name = ''] }, terminal) => {
      const given: Readonly<Record<string, string | boolean | undefined>> = values
      const keep = given['keep-records'] === true
      const client = await connect(values, terminal)
      const { id } = await findMigration(client, name)
      const changed = await stepMigration(client, step, {
        id,
        ...(keep ? { keepRecords: true } : {}),
      })
      const waits = step !== 'stop' && values.detach !== true
      const migration = waits
        ? await followMigration(client, id, terminal, values.json === true)
        : changed
      terminal.out(shown(migration, values.json))
    },
  })
}

export const routesStop = stepCommand('stop', {
  words: ['routes', 'stop'],
  summary: 'stop a migration; writes still go to both backends',
  description: 'Nothing is copied any more until "heirloom routes resume".',
  leaves: false,
})
export const routesResume = stepCommand('resume', {
  words: ['routes', 'resume'],
  summary: 'let a migration that was stopped, or that failed, go on',
  description: 'Goes on where it was.',
  leaves: false,
})
export const routesCutOver = stepCommand('cutOver', {
  words: ['routes', 'cut-over'],
  summary: 'let the target of a migration take over',
  description:
    'For a migration in the phase ready, or for a mirror, which then becomes the backend.',
  leaves: false,
})
export const routesRollback = stepCommand('rollBack', {
  words: ['routes', 'rollback'],
  summary: 'give a migration up, or go back to where the data was',
  description: 'Before the cut-over the target is left; after it the source takes over again.',
  leaves: true,
})
export const routesRetire = stepCommand('retire', {
  words: ['routes', 'retire'],
  summary: 'end the rollback window and empty the old backend',
  description: 'There is no way back after this.',
  leaves: true,
})

export const routesProvision = defineCommand({
  words: ['routes', 'provision'],
  summary: 'create the tables, containers and indexes that a backend lacks',
  arguments: ['ROUTE'],
  options: { ...targetOptions, ...connectionOptions, ...jsonOption },
  description: `Provisions the backends of the route, or the one named by --to and --config before data is
moved to it, with the indexes that the route's kind of store asks for. Safe to repeat. What could not
be done is printed, with a command for somebody with more rights, and the exit code is 0 all the
same: the backend may be managed by somebody else.`,
  examples: [
    `heirloom routes provision rt_4f… --to dynamodb --config '{"table_name":"chat","region":"eu-central-1"}' --tenant t_system`,
  ],
  run: async ({ values, positionals: [routeId = ''] }, terminal) => {
    const target =
      values.to === undefined && values.config === undefined
        ? {}
        : {
            backendType: enumName(required('to', values.to)),
            config: jsonObject('config', values.config),
          }
    const report = await provisionBackend(await connect(values, terminal), { routeId, ...target })
    terminal.out(values.json === true ? `${JSON.stringify(report)}\n` : provisionText(report))
  },
})

function shown(migration: Migration, json: boolean | undefined): string {
  return json === true ? `${JSON.stringify(migration)}\n` : migrationText(migration)
}
