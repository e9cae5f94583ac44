import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBackends, type Backend } from '@heirloom/persistence'
import { tenantId } from '@heirloom/tenancy'
import { testTenant, type GraphQLAnswer, type GraphQLClient } from '@heirloom/testkit'
import { given, saveRoute } from './testing/operations.js'
import { startStorageRig, type StorageRig } from './testing/rig.js'

/** The connection `away`: to a server that is not there. */
function withOneAway(backends: readonly Backend[]): readonly Backend[] {
  const [other] = createBackends({
    postgresConnections: { away: { url: 'postgres://heirloom:hunter2@127.0.0.1:1/none' } },
  })
  return backends.map((backend) =>
    backend.type === 'postgres' && other !== undefined
      ? {
          ...backend,
          open: (config) => (config['connection'] === 'away' ? other : backend).open(config),
        }
      : backend,
  )
}

const read = '{ tableRow(table: "t", key: "k") { key } }'

describe('a backend that is away', () => {
  let rig: StorageRig
  const [theirs, ours] = [testTenant(), testTenant()]
  let away: GraphQLClient
  let fine: GraphQLClient

  beforeAll(async () => {
    rig = await startStorageRig({ backends: withOneAway })
    const system = testTenant({ tenantId: tenantId('t_system'), roles: ['operator'] })
    const operator = await rig.main.as(system)
    const resourceKind = 'tabular_store'
    given(await saveRoute(operator, { resourceKind }))
    const route = { resourceKind, tenantId: theirs.tenantId, config: { connection: 'away' } }
    given(await saveRoute(operator, route))
    away = await rig.main.as(theirs)
    fine = await rig.main.as(ours)
  })
  afterAll(() => rig.close())

  function extensionsOf({ errors }: GraphQLAnswer<unknown>): unknown {
    return errors?.[0]?.extensions
  }

  it('is 503 to its tenant, with a hint when to return, and then answered at once', async () => {
    const answers: GraphQLAnswer<unknown>[] = []
    for (let n = 0; n < 7; n += 1) answers.push(await away(read))
    for (const answer of answers) {
      expect(extensionsOf(answer)).toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        http_status: 503,
        retryable: true,
        details: { retry_after_ms: expect.any(Number) },
      })
      expect(JSON.stringify(answer)).not.toContain('hunter2')
    }
    expect(answers.at(-1)?.errors?.[0]?.message).toContain('left alone')
  })

  it('is nothing to the tenants of other backends', async () => {
    expect((await fine(read)).errors).toBeUndefined()
  })
})
