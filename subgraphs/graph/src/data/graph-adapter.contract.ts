import { afterAll, beforeAll, describe } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { GraphAdapter } from '../domain/ports.js'
import type { GraphBackend } from './contract/backend.js'
import { changesContract } from './contract/changes.js'
import { peopleContract } from './contract/people.js'
import { tenantsContract } from './contract/tenants.js'
import { tiesContract } from './contract/ties.js'
import { walksContract } from './contract/walks.js'

/** What every GraphAdapter promises, whatever it stands on. */
export function graphAdapterContract(name: string, start: () => Promise<GraphBackend>): void {
  describe(`GraphAdapter on ${name}`, () => {
    let started: GraphBackend
    beforeAll(async () => {
      started = await start()
    })
    afterAll(() => started.close())

    const backend: Omit<GraphBackend, 'close'> = {
      adapter: (context) => started.adapter(context),
      events: (context) => started.events(context),
    }
    const fresh = (): GraphAdapter => backend.adapter(testTenant())

    peopleContract(fresh)
    tiesContract(fresh)
    walksContract(fresh)
    changesContract(backend, fresh)
    tenantsContract(fresh)
  })
}
