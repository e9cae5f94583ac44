import { afterAll, beforeAll, expect, it } from 'vitest'
import { createIds, describeWith } from '@heirloom/testkit'
import { storeNeedsOf } from '../../layouts/by-kind.js'
import type { ProvisionReport } from '../backend.js'
import { runCosmos, runCosmosService, type RunningCosmos } from './testing/cosmos-rig.js'
import { cosmosRig, cosmosServiceRig } from './testing/cosmos-server.js'

const newId = createIds()

describeWith(cosmosRig, 'A container of Cosmos', () => provisioning(runCosmos))
describeWith(cosmosServiceRig, 'A container of Cosmos itself', () => provisioning(runCosmosService))

function provisioning(run: (now: () => number) => Promise<RunningCosmos>): void {
  let running: RunningCosmos

  beforeAll(async () => {
    running = await run(Date.now)
  })
  afterAll(() => running.stop())

  async function provision(container: string, kind: string): Promise<ProvisionReport> {
    const open = running.backend.open({ ...running.config, container })
    try {
      const report = await open.provision?.(storeNeedsOf(kind, 'cosmos'))
      if (report === undefined) throw new Error('Cosmos is provisioned')
      return report
    } finally {
      await open.close()
    }
  }

  async function policyOf(container: string): Promise<unknown> {
    const { resource } = await running.database.container(container).read()
    return resource?.indexingPolicy
  }

  const composite = [
    [
      { path: '/thread_id', order: 'ascending' },
      { path: '/ts', order: 'ascending' },
    ],
  ]

  it('is made with the composite index of chats, and found by the second run', async () => {
    const name = `chats-${newId()}`
    const { done } = await provision(name, 'chat_store')
    expect(done).toEqual([`container ${name}, partitioned by /pk, with autoscale`])
    expect(await policyOf(name)).toMatchObject({ compositeIndexes: composite })
    const second = await provision(name, 'chat_store')
    expect(second.done).toEqual([])
    expect(second.found).toContain(`composite index by /thread_id, /ts in the container ${name}`)
  })

  it('that somebody else made gets what it lacks, and keeps what it has', async () => {
    const id = `theirs-${newId()}`
    await running.database.containers.create({
      id,
      partitionKey: { paths: ['/pk'], version: 2 },
      indexingPolicy: { excludedPaths: [{ path: '/theirs/*' }] },
    })
    const { done } = await provision(id, 'chat_store')
    expect(done).toEqual([
      `deletion of expired records of the container ${id} by ttl`,
      `no index of the values in the container ${id}`,
      `composite index by /thread_id, /ts in the container ${id}`,
    ])
    expect(await policyOf(id)).toMatchObject({
      excludedPaths: [{ path: '/theirs/*' }, { path: '/value/*' }],
      compositeIndexes: composite,
    })
    const { resource } = await running.database.container(id).read()
    expect(resource?.defaultTtl).toBe(-1)
    expect((await provision(id, 'chat_store')).done).toEqual([])
  })

  it('leaves to the account what belongs to it, and says by which command', async () => {
    const { refused } = await provision('records', 'chat_store')
    expect(refused).toContainEqual({
      step: 'point-in-time recovery',
      reason: expect.stringContaining('account'),
      command: expect.stringMatching(
        /^az cosmosdb update --name \S+ --backup-policy-type Continuous --resource-group "/,
      ),
    })
  })
}
