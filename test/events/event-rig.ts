import {
  createEventFactory,
  createSnsSqsBus,
  ensureBus,
  inboxMigrations,
  outboxMigrations,
  writeOutbox,
  type AwsOptions,
  type BusAddresses,
  type DomainEvent,
  type EventBus,
} from '@heirloom/events'
import { createDatabase, type Database } from '@heirloom/postgres'
import { createIds, type TenantContext } from '@heirloom/tenancy'
import { testBus, testDatabase, testTenant, type TestDatabase } from '@heirloom/testkit'

export const newId = createIds()
const createEvent = createEventFactory(newId)

export interface EventRig {
  readonly db: TestDatabase
  readonly app: Database<unknown>
  readonly worker: Database<unknown>
  readonly bus: EventBus
  /** For a client of the test's own. */
  readonly aws: AwsOptions
  readonly addresses: BusAddresses<'first' | 'second'>
  close(): Promise<void>
}

/** A database with outbox and inbox, and a bus with two queues; dead letters after two receives. */
export async function startEventRig(): Promise<EventRig> {
  const db = await testDatabase([outboxMigrations, inboxMigrations])
  const server = await testBus()
  const aws = {
    region: server.region,
    endpoint: server.endpoint,
    credentials: server.credentials,
  }
  const addresses = await ensureBus({
    ...aws,
    topicName: 'test-events.fifo',
    queues: { first: {}, second: { types: ['StoryDeleted'] } },
    maxReceives: 2,
  })
  const bus = createSnsSqsBus({ ...aws, topicArn: addresses.topicArn })
  const app = createDatabase<unknown>({ url: db.appUrl, applicationName: 'test app' })
  const worker = createDatabase<unknown>({ url: db.workerUrl, applicationName: 'test worker' })
  return {
    db,
    app,
    worker,
    bus,
    aws,
    addresses,
    close: async () => {
      bus.close()
      await app.close()
      await worker.close()
      await server.close()
      await db.drop()
    },
  }
}

/** StoryDeleted: the smallest event that has a revision. */
export function storyDeleted(
  storyId: string,
  revision: number,
  tenant: TenantContext = testTenant(),
): DomainEvent {
  return createEvent(tenant, {
    type: 'StoryDeleted',
    version: 1,
    resource: { kind: 'Story', id: storyId },
    payload: { legacy_id: 'legacy', story_id: storyId, revision },
  })
}

export async function commit(rig: EventRig, events: readonly DomainEvent[]): Promise<void> {
  for (const event of events) {
    await rig.app.for(event.tenant_id).transaction((trx) => writeOutbox(trx, [event]))
  }
}

/** What a queue holds, taken out of it in order. */
export async function drain(rig: EventRig, url: string): Promise<readonly DomainEvent[]> {
  const events: DomainEvent[] = []
  for (;;) {
    const deliveries = await rig.bus.receive(url, { max: 10, waitSeconds: 0 })
    if (deliveries.length === 0) return events
    events.push(...deliveries.map(({ body }) => JSON.parse(body) as DomainEvent))
    await rig.bus.acknowledge(url, deliveries)
  }
}

export interface Gate {
  readonly passed: Promise<void>
  open(): void
}

/** A promise that somebody else resolves. */
export function createGate(): Gate {
  let open = (): void => undefined
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open: () => open() }
}
