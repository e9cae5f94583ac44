import { readdirSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createSchema, createYoga } from 'graphql-yoga'

type Input = Readonly<Record<string, unknown>>

/**
 * The part of the API about routes for tests of the command: the storage service's own schema, so that
 * every document is checked against it, over one route and one migration in memory.
 */
export interface RoutesServer {
  readonly url: string
  /** What was asked, by the field. */
  readonly asked: { readonly field: string; readonly input: Input }[]
  /** What the migration is found to be, one after the other; the last one stays. */
  readonly states: Input[]
  close(): Promise<void>
}

const schemaFolder = new URL('../../../../schema/subgraphs/', import.meta.url)
export const routeId = 'rt_one'
export const migrationId = '01JD0M1GRAT10N000000000001'

const route = {
  id: routeId,
  resourceKind: 'chat_store',
  tenantId: null,
  env: 'dev',
  modes: ['SAAS', 'LAB'],
  projectId: 'p1',
  surfaceId: null,
  strategy: 'DUAL_WRITE',
  backendType: 'POSTGRES',
  config: { connection: 'main' },
  shadow: { backendType: 'DYNAMODB', config: {} },
  writesHeld: false,
  migration: { id: migrationId, phase: 'BACKFILL' },
}

export const migration: Input = {
  id: migrationId,
  routeId,
  resourceKind: 'chat_store',
  tenantId: null,
  source: { backendType: 'POSTGRES', config: {} },
  target: { backendType: 'DYNAMODB', config: {} },
  phase: 'BACKFILL',
  isPaused: false,
  startedAt: new Date(0),
  startedBy: 'user:1',
  phaseStartedAt: new Date(0),
  finishedAt: null,
  options: { isMove: true, autoCutOver: true, keepRecords: false },
  progress: {
    scanned: 200,
    total: 1_000,
    copied: 190,
    compared: 0,
    repaired: 0,
    removed: 0,
    recovered: 3,
  },
  differences: [],
  error: null,
  history: [],
}

export async function startRoutesServer(): Promise<RoutesServer> {
  const asked: RoutesServer['asked'] = []
  const states: Input[] = []
  const next = (): Input => ({ ...migration, ...(states.length > 1 ? states.shift() : states[0]) })
  const ask = (field: string, input: Input): void => void asked.push({ field, input })
  const changing = (field: string): Record<string, unknown> => ({
    [field]: (_: unknown, { input }: { input: Input }) => {
      ask(field, input)
      return { migration: { ...migration, ...states[0] } }
    },
  })
  const schema = createSchema({
    typeDefs: storageSchema(),
    resolvers: {
      Query: {
        routes: (_: unknown, args: Input) => {
          ask('routes', args)
          return { nodes: [route], pageInfo: { endCursor: null, hasNextPage: false } }
        },
        explainRoute: (_: unknown, args: Input) => {
          ask('explainRoute', args)
          return {
            route,
            reason: 'It is for everybody.',
            candidates: [
              { route, fits: true, mismatches: [] },
              { route: { ...route, id: 'rt_two' }, fits: false, mismatches: ['MODE', 'TENANT'] },
            ],
          }
        },
        routeMigrations: () => [next()],
        routeMigration: (_: unknown, { id }: { id: string }) =>
          id === migrationId ? next() : null,
      },
      Mutation: {
        saveRoute: (_: unknown, { input }: { input: Input }) => {
          ask('saveRoute', input)
          return { route }
        },
        provisionBackend: (_: unknown, { input }: { input: Input }) => {
          ask('provisionBackend', input)
          const command = 'aws dynamodb update-continuous-backups\u001b --table-name chat'
          const refused = [
            { step: 'point-in-time recovery', reason: 'no\u001b permission', command },
          ]
          return { report: { done: ['table chat'], found: ['ttl'], refused } }
        },
        ...changing('migrateRoute'),
        ...changing('stopMigration'),
        ...changing('resumeMigration'),
        ...changing('cutOverMigration'),
        ...changing('rollBackMigration'),
        ...changing('retireMigration'),
      },
    },
  })
  const yoga = createYoga({ schema, logging: false, maskedErrors: false })
  const http = createServer((request, response) => void yoga(request, response))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    asked,
    states,
    close: async () => {
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

/** Without what is federation's: the command sees one schema. */
function storageSchema(): string {
  const folder = new URL('storage/', schemaFolder)
  const files = [
    new URL('storage.graphql', schemaFolder),
    new URL('../shared/audit.graphql', schemaFolder),
    ...readdirSync(folder).map((name) => new URL(name, folder)),
  ]
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n')
  return text
    .replace(/^extend schema\n {2}@link\([\s\S]*?\n {2}\)\n/gm, '')
    .replace(/@(?:key|shareable|external|requires|provides|tag|cost|listSize)(?:\([^)]*\))?/g, '')
}
