import type { HeirloomClient } from '@heirloom/client'
import { CliError } from '../../cli-error.js'

export interface Target {
  readonly backendType: string
  readonly config: Readonly<Record<string, unknown>>
}

export interface Route extends Target {
  readonly id: string
  readonly resourceKind: string
  readonly tenantId: string | null
  readonly env: string
  readonly modes: readonly string[]
  readonly projectId: string | null
  readonly surfaceId: string | null
  readonly strategy: string
  readonly shadow: Target | null
  readonly migration: { readonly id: string; readonly phase: string } | null
}

export interface Migration {
  readonly id: string
  readonly routeId: string
  readonly resourceKind: string
  readonly tenantId: string | null
  readonly source: Target
  readonly target: Target
  readonly phase: string
  readonly isPaused: boolean
  readonly startedAt: string
  readonly finishedAt: string | null
  readonly options: { readonly isMove: boolean; readonly autoCutOver: boolean }
  readonly progress: {
    readonly scanned: number
    readonly total: number | null
    readonly copied: number
    readonly compared: number
    readonly repaired: number
    readonly removed: number
    readonly recovered: number
  }
  readonly differences: readonly {
    readonly tenantId: string
    readonly partition: string
    readonly key: string
    readonly kind: string
    readonly isRepaired: boolean
    readonly reason: string | null
  }[]
  readonly error: { readonly code: string; readonly message: string } | null
}

const target = 'backendType config'
const route = `id resourceKind tenantId env modes projectId surfaceId strategy ${target}
  shadow { ${target} } migration { id phase }`
const migration = `id routeId resourceKind tenantId source { ${target} } target { ${target} }
  phase isPaused startedAt finishedAt options { isMove autoCutOver }
  progress { scanned total copied compared repaired removed recovered }
  differences { tenantId partition key kind isRepaired reason }
  error { code message }`

const pageSize = 100
const maxPages = 1_000

export async function listRoutes(
  client: HeirloomClient,
  resourceKind: string | undefined,
): Promise<readonly Route[]> {
  const found: Route[] = []
  let after: string | null = null
  for (let page = 0; page < maxPages; page += 1) {
    const { routes }: RoutesAnswer = await client.query(
      `query ($first: Int, $after: String, $kind: String) {
        routes(first: $first, after: $after, resourceKind: $kind) {
          nodes { ${route} } pageInfo { endCursor hasNextPage } } }`,
      { first: pageSize, after, kind: resourceKind ?? null },
    )
    found.push(...routes.nodes)
    if (!routes.pageInfo.hasNextPage) break
    after = routes.pageInfo.endCursor
  }
  return found
}

interface RoutesAnswer {
  readonly routes: {
    readonly nodes: readonly Route[]
    readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
  }
}

export async function saveRoute(
  client: HeirloomClient,
  input: Readonly<Record<string, unknown>>,
): Promise<Route> {
  const answer = await client.query<{ saveRoute: { route: Route } }>(
    `mutation ($input: SaveRouteInput!) { saveRoute(input: $input) { route { ${route} } } }`,
    { input },
  )
  return answer.saveRoute.route
}

export interface Explanation {
  readonly route: Route | null
  readonly reason: string
  readonly candidates: readonly {
    readonly route: Route
    readonly fits: boolean
    readonly mismatches: readonly string[]
  }[]
}

export async function explainRoute(
  client: HeirloomClient,
  question: Readonly<Record<string, unknown>>,
): Promise<Explanation> {
  const answer = await client.query<{ explainRoute: Explanation }>(
    `query ($kind: String!, $tenantId: ID, $mode: TenantMode, $projectId: ID, $surfaceId: ID) {
      explainRoute(resourceKind: $kind, tenantId: $tenantId, mode: $mode,
        projectId: $projectId, surfaceId: $surfaceId) {
        route { ${route} } reason candidates { route { ${route} } fits mismatches } } }`,
    question,
  )
  return answer.explainRoute
}

export async function startMigration(
  client: HeirloomClient,
  input: Readonly<Record<string, unknown>>,
): Promise<Migration> {
  const answer = await client.query<{ migrateRoute: { migration: Migration } }>(
    `mutation ($input: MigrateRouteInput!) {
      migrateRoute(input: $input) { migration { ${migration} } } }`,
    { input },
  )
  return answer.migrateRoute.migration
}

export type Step = 'stop' | 'resume' | 'cutOver' | 'rollBack' | 'retire'

const inputs = {
  stop: 'MigrationInput',
  resume: 'MigrationInput',
  cutOver: 'MigrationInput',
  rollBack: 'LeaveBackendInput',
  retire: 'LeaveBackendInput',
} as const satisfies Record<Step, string>

export async function stepMigration(
  client: HeirloomClient,
  step: Step,
  input: Readonly<Record<string, unknown>>,
): Promise<Migration> {
  const answer = await client.query<{ step: { migration: Migration } }>(
    `mutation ($input: ${inputs[step]}!) {
      step: ${step}Migration(input: $input) { migration { ${migration} } } }`,
    { input },
  )
  return answer.step.migration
}

export async function listMigrations(client: HeirloomClient): Promise<readonly Migration[]> {
  const answer = await client.query<{ routeMigrations: readonly Migration[] }>(
    `query ($first: Int) { routeMigrations(first: $first) { ${migration} } }`,
    { first: pageSize },
  )
  return answer.routeMigrations
}

/** By its own id, or by that of a route whose data it moves. @throws CliError NOT_FOUND */
export async function findMigration(client: HeirloomClient, id: string): Promise<Migration> {
  const answer = await client.query<{ routeMigration: Migration | null }>(
    `query ($id: ID!) { routeMigration(id: $id) { ${migration} } }`,
    { id },
  )
  if (answer.routeMigration !== null) return answer.routeMigration
  const ofRoute = (await listMigrations(client)).find(({ routeId }) => routeId === id)
  if (ofRoute !== undefined) return ofRoute
  throw new CliError('NOT_FOUND', `there is no migration "${id}", and none of a route "${id}"`)
}

export interface ProvisionReport {
  readonly done: readonly string[]
  readonly found: readonly string[]
  readonly refused: readonly {
    readonly step: string
    readonly reason: string
    readonly command: string | null
  }[]
}

export async function provisionBackend(
  client: HeirloomClient,
  input: Readonly<Record<string, unknown>>,
): Promise<ProvisionReport> {
  const answer = await client.query<{ provisionBackend: { report: ProvisionReport } }>(
    `mutation ($input: ProvisionBackendInput!) {
      provisionBackend(input: $input) { report { done found refused { step reason command } } } }`,
    { input },
  )
  return answer.provisionBackend.report
}
