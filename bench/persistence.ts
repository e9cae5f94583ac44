import { rm } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { env } from 'node:process'
import { connectCluster, startPostgres } from '@heirloom/embedded'
import {
  createBackendPool,
  createBackends,
  createRoutedRecords,
  createRoutingRegistry,
  createTabularStore,
  recordMigrations,
  type NewRoute,
  type TabularStore,
} from '@heirloom/persistence'
import { migrate } from '@heirloom/postgres'
import { createIds, tenantId, type TenantId } from '@heirloom/tenancy'
import { newDataDir } from '@heirloom/testkit'
import { vendorDynamoDb } from './persistence-dynamodb.js'
import { vendorFirestore } from './persistence-firestore.js'
import {
  compareOperations,
  fill,
  rowCount,
  storeOperations,
  type Operations,
} from './persistence-operations.js'
import { vendorPostgres } from './persistence-postgres.js'
import { measureRoutes } from './persistence-routes.js'
import { benchOptions, report, type Bar } from './report.js'

// What a store costs that finds its backend by a route, beside the vendor's client doing the same on
// the same server, operation by operation in turn; and what it costs to find the route.
const options = benchOptions()
const rounds = options.quick ? { rounds: 5, perRound: 40 } : { rounds: 40, perRound: 150 }
const registryTenant = tenantId('t_registry')
const resourceKind = 'tabular_store'

interface FoundRig {
  readonly env?: Readonly<Record<string, string>>
  readonly missing?: string
}
const script = async (
  name: string,
): Promise<Readonly<Record<string, (cache: string) => FoundRig>>> =>
  import(new URL(`../../scripts/rigs/${name}.mjs`, import.meta.url).href)
for (const name of ['dynamodb', 'firestore']) {
  const found = (await script(name))[name]?.('.rigs')
  Object.assign(env, found?.env)
  if (found?.missing !== undefined) {
    console.log(`not run: ${name}, because ${found.missing}`)
  }
}
const { dynamoDbRig, firestoreRig, runDynamoDb, runFirestore } =
  await import('@heirloom/persistence/rigs')

const closers: (() => Promise<unknown>)[] = []
const bars: Bar[] = []
console.log(`load before: ${load()}`)
try {
  await measure()
} finally {
  for (const close of closers.toReversed()) await close()
}
console.log(`load after: ${load()}`)
report('persistence', bars, options)

async function measure(): Promise<void> {
  const dataDir = await newDataDir()
  closers.push(() => rm(dataDir, { recursive: true, force: true }))
  const server = await startPostgres({ dataDir, durable: false })
  closers.push(() => server.stop())
  const cluster = connectCluster({ port: server.port, passwords: server.passwords })
  await cluster.createDatabase('bench')
  const urls = cluster.urls('bench')
  await migrate(urls.ownerUrl, [recordMigrations])
  const dynamoDb = dynamoDbRig.available ? await runDynamoDb(Date.now) : undefined
  if (dynamoDb !== undefined) closers.push(() => dynamoDb.stop())
  const firestore = firestoreRig.available ? await runFirestore(Date.now) : undefined
  if (firestore !== undefined) closers.push(() => firestore.stop())

  const main = { connection: 'main' }
  const backends = createBackendPool([
    ...createBackends({ postgresConnections: { main: { url: urls.appUrl } } }).filter(
      (backend) => backend.type === 'postgres',
    ),
    ...[dynamoDb?.backend, firestore?.backend].flatMap((backend) => backend ?? []),
  ])
  closers.push(() => backends.close())
  const registry = createRoutingRegistry({
    bootstrap: {
      registry: {
        tenantId: registryTenant,
        backendType: 'postgres',
        config: main,
        modes: [],
      },
      routes: [
        routeOf(tenantId('t_postgres'), 'postgres', main),
        routeOf(tenantId('t_template'), 'postgres', main),
        routeOf(null, 'postgres', main),
        ...(dynamoDb === undefined
          ? []
          : [routeOf(tenantId('t_dynamodb'), 'dynamodb', dynamoDb.config)]),
        ...(firestore === undefined
          ? []
          : [routeOf(tenantId('t_firestore'), 'firestore', firestore.config)]),
      ],
    },
    backends,
    env: 'bench',
    newId: createIds(),
    announce: () => Promise.resolve(),
    onError: (error) => console.error(error),
  })
  await registry.start()
  closers.push(() => registry.stop())
  const records = createRoutedRecords(registry, backends)

  /** Fills both partitions, then compares. */
  async function compare<Way extends string>(
    backend: string,
    tenant: TenantId,
    ways: Readonly<Record<Way, Operations>>,
  ): Promise<void> {
    const open = (): TabularStore =>
      createTabularStore(records.open({ resourceKind, tenantId: tenant, mode: 'saas' }))
    await fill(open())
    const [vendor] = Object.values<Operations>(ways)
    for (let n = 0; n < rowCount; n += 1) await vendor?.put()
    bars.push(...(await compareOperations(backend, storeOperations(open), ways, rounds)))
  }

  const vendor = vendorPostgres(urls.appUrl, tenantId('t_postgres'))
  closers.push(() => vendor.stop())
  await compare('postgres', tenantId('t_postgres'), vendor.ways)
  if (dynamoDb !== undefined) {
    const tenant = tenantId('t_dynamodb')
    const { client, config } = dynamoDb
    await compare('dynamodb', tenant, {
      "AWS' client": vendorDynamoDb(client, config.table_name, tenant),
    })
  }
  if (firestore !== undefined) {
    const tenant = tenantId('t_firestore')
    await compare('firestore', tenant, {
      "Google's client": vendorFirestore(firestore.client, tenant),
    })
  }
  const superuserUrl = cluster.superuserUrl.replace(/postgres$/, 'bench')
  const batches = options.quick ? 20 : 200
  bars.push(...(await measureRoutes(registry, superuserUrl, { registryTenant, batches })))
}

function load(): string {
  return loadavg()
    .map((average) => average.toFixed(1))
    .join(' ')
}

function routeOf(
  tenant: TenantId | null,
  backendType: NewRoute['backendType'],
  config: object,
): NewRoute {
  return { resourceKind, tenantId: tenant, env: 'bench', backendType, config: { ...config } }
}
