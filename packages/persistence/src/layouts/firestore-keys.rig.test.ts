import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeWith, fixedClock } from '@heirloom/testkit'
import type { OpenBackend } from '../backends/backend.js'
import { runFirestore, type RunningFirestore } from '../backends/firestore/testing/firestore-rig.js'
import { firestoreRig } from '../backends/firestore/testing/firestore-server.js'
import type { ResourceKindName } from '../resource-kinds.js'
import { seededKeys } from './testing/seeded-keys.js'

const now = '001735732800000'

/** Paths of what each store writes, T for the tenant, as the requirements lay them out. */
const expected: Readonly<Record<ResourceKindName, readonly string[]>> = {
  attribution_store: ['tabular_store/T/attribution_contracts/mail'],
  budget_store: [
    'budgets/T#ai/accounts/account#',
    'budgets/T#ai/accounts/account#p',
    `budgets/T#ai/entries/entry#p#${now}#ULID`,
    'budgets/T#ai/keys/key#p#k',
    'budgets/T#ai/usage/usage##2025-01',
    'budgets/T#ai/usage/usage#p#2025-01',
  ],
  canvas_command_store: [
    'canvas_commands/canvas#T#p#c/canvas/head',
    'canvas_commands/canvas#T#p#c/commands/rev#000000000001',
    'canvas_commands/canvas#T#p#c/keys/key#k',
    'canvases/T#p/canvases/canvas#c',
  ],
  chat_store: [
    'chat_messages/T#saas#p#t/clients/client#c',
    'chat_messages/T#saas#p#t/messages/ts#ULID',
    'chat_messages/T#saas#p#t/runs/run#r#ULID',
    'chat_messages/T#saas#p#t/thread/head',
    `chat_snapshots/T#saas#p#t/snapshots/${now}#ULID`,
    'chat_threads/T#p/threads/thread#t',
  ],
  config_store: [
    'config_store/scope#T#global',
    'config_store/scope#T#global/versions/version#000000001',
  ],
  event_stream: [
    'event_streams/T#s/events/event#1735732800000000#e',
    'event_streams/T#s/ids/id#e',
    'event_streams/T#s/stream/head',
  ],
  firearms_policy_store: [
    `firearms_policy/T/audit/audit#${now}#ULID`,
    `firearms_policy/T/audit/audit#${now}#ULID`,
    'firearms_policy/T/bindings/binding#a',
    'firearms_policy/T/firearms/firearm#f#bind#a',
    'firearms_policy/T/firearms/firearm#f#grant#user#u',
    'firearms_policy/T/grants/grant#T#user#u#f',
  ],
  media_output_store: ['media_outputs/T#p#m/outputs/output#poster'],
  memory_store: ['blackboards/T#saas#p#b', 'sessions/T#saas#p#u#s'],
  metrics_store: [
    expect.stringMatching(
      /^metrics\/T#saas#p#views#2025-01-01\/buckets\/bucket#2025-01-01T00#.{16}#0$/,
    ),
    'metrics/T#saas#p#views#2025-01-01/points/point#001735689600000#p',
  ],
  routing_registry_store: [
    'routing_registry/!audit#001735689600000#x',
    'routing_registry/!head',
    'routing_registry/!switch#x',
  ],
  seo_config_store: ['tabular_store/T/seo_configs/global##~2F'],
  strategy_policy_store: ['strategy_policy/T/policies/policy#s#a'],
  tabular_store: ['tabular_store/T/t/k'],
}

describeWith(firestoreRig, 'the documents of every store on Firestore', () => {
  const clock = fixedClock()
  let running: RunningFirestore
  let backend: OpenBackend

  beforeAll(async () => {
    running = await runFirestore(clock.now)
    backend = running.open()
  })
  afterAll(async () => {
    await backend.close()
    await running.stop()
  })

  /** With the vendor's own client, so that nothing of ours can hide what is there. */
  async function rawPaths(tenant: string): Promise<readonly string[]> {
    const paths: string[] = []
    const collections = await running.client.listCollections()
    for (const root of collections) {
      for (const document of await root.listDocuments()) {
        const found = await document.get()
        if (found.get('tenant_id') === tenant) paths.push(found.ref.path)
        for (const inner of await document.listCollections()) {
          const { docs } = await inner.where('tenant_id', '==', tenant).get()
          paths.push(...docs.map(({ ref }) => ref.path))
        }
      }
    }
    return paths
  }

  describe('lie where the layout says', () => {
    it.each(Object.keys(expected) as ResourceKindName[])('%s', async (kind) => {
      expect(await seededKeys(backend, 'firestore', kind, clock.now, rawPaths)).toEqual(
        expected[kind],
      )
    })
  })
})
