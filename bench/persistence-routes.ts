import pg from 'pg'
import type { RoutingRegistry } from '@heirloom/persistence'
import { tenantId, type TenantId } from '@heirloom/tenancy'
import { percentile, type Bar } from './report.js'

const routeCount = 100_000
const batchSize = 10_000
const sliceSize = 200

/**
 * Fills the registry's table with copies of one route for other tenants, waits until the process
 * has them, and takes the time of `resolve` for tenants with a route of their own and for others.
 */
export async function measureRoutes(
  registry: RoutingRegistry,
  superuserUrl: string,
  options: { readonly registryTenant: TenantId; readonly batches: number },
): Promise<readonly Bar[]> {
  const held = registry.list().length
  const client = new pg.Client({ connectionString: superuserUrl })
  await client.connect()
  await client.query(
    `insert into record (tenant_id, pk, sk, value)
      select tenant_id, pk, replace(sk, value->>'tenant_id', 't_b' || n), value || jsonb_build_object(
          'id', 'rt_' || n, 'tenant_id', 't_b' || n)
      from record, generate_series(1, $2::int) as n
      where tenant_id = $1 and pk = 'routes' and value->>'tenant_id' = 't_template'`,
    [options.registryTenant, routeCount - held],
  )
  await client.query(
    `update record set version = nextval('record_version')
      where tenant_id = $1 and pk = 'routes' and sk = '!head'`,
    [options.registryTenant],
  )
  await client.end()
  await registry.confirm()
  const count = registry.list().length

  const requests = Array.from({ length: batchSize }, (_, n) => ({
    resourceKind: 'tabular_store',
    // Two of three have a route of their own; the others take the one for any tenant.
    tenantId: tenantId(n % 3 === 0 ? `t_other${n}` : `t_b${1 + ((n * 7919) % (routeCount / 2))}`),
    mode: 'saas' as const,
    projectId: 'p1',
  }))
  // In slices shorter than a time slice of the machine: what else it does shows in few of them.
  const microseconds: number[] = []
  for (let batch = 0; batch < options.batches; batch += 1) {
    for (let start = 0; start < requests.length; start += sliceSize) {
      const slice = requests.slice(start, start + sliceSize)
      const begunAt = performance.now()
      for (const request of slice) registry.resolve(request)
      if (batch > 0) microseconds.push(((performance.now() - begunAt) * 1_000) / slice.length)
    }
  }
  return [
    {
      name: `resolve among ${count} routes, median`,
      value: percentile(microseconds, 0.5),
      unit: 'µs',
      goal: 2,
      direction: 'max',
    },
  ]
}
