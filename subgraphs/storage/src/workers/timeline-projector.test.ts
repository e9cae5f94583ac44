import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  createEventFactory,
  createSnsSqsBus,
  type DomainEvent,
  type EventBus,
} from '@heirloom/events'
import { createIds, type TenantContext } from '@heirloom/tenancy'
import { testBus, testLogger, testTenant } from '@heirloom/testkit'
import { createTimelineProjector } from '../app.js'
import { given, ids, timelineEvents } from '../testing/operations.js'
import { startStorageRig, type StorageRig } from '../testing/rig.js'

const newId = createIds()
const createEvent = createEventFactory()

describe('the timeline projector', () => {
  let rig: StorageRig
  let embedded: Awaited<ReturnType<typeof testBus>>
  let bus: EventBus
  let projector: ReturnType<typeof createTimelineProjector>

  beforeAll(async () => {
    ;[rig, embedded] = await Promise.all([startStorageRig(), testBus()])
    bus = createSnsSqsBus(embedded)
    projector = createTimelineProjector({
      bus,
      queueUrl: embedded.queueUrls['timeline-projector'],
      streams: rig.main.storage.streams,
      logger: testLogger(),
    })
    await projector.start()
  })
  afterAll(async () => {
    await projector.stop()
    bus.close()
    await embedded.close()
    await rig.close()
  })

  function personAdded(context: TenantContext, legacyId: string): DomainEvent {
    const person_id = newId()
    return createEvent(context, {
      type: 'PersonAdded',
      version: 1,
      resource: { kind: 'Person', id: person_id },
      payload: { legacy_id: legacyId, person_id, name: 'Ada' },
    })
  }

  it('brings an event from the bus to the subscriber of its timeline', async () => {
    const owner = testTenant()
    const legacyId = rig.addLegacy(owner)
    const subscriber = await rig.main.subscriber(owner)
    const gql = await rig.main.as(owner)
    const end = await gql<{ timelineEnd: string }>(
      'query ($id: ID!) { timelineEnd(legacyId: $id) }',
      { id: legacyId },
    )
    const events = subscriber.timeline(legacyId, given(end).timelineEnd)
    const told = personAdded(owner, legacyId)
    await bus.publish([told], {})
    expect(await events.take(1)).toMatchObject([{ id: told.id, type: 'PersonAdded' }])
    const answer = await gql<{ timelineEvents: { nodes: readonly unknown[] } }>(
      `query ($id: ID!) { timelineEvents(legacyId: $id) {
        nodes { actorId occurredAt data legacy { id } person { id } } } }`,
      { id: legacyId },
    )
    expect(given(answer).timelineEvents.nodes).toEqual([
      {
        actorId: told.actor_id,
        occurredAt: told.occurred_at,
        data: told.payload,
        legacy: { id: legacyId },
        person: { id: told.payload.person_id },
      },
    ])
    await subscriber.close()
  })

  it('appends many events of one timeline, each once although some come twice', async () => {
    const owner = testTenant()
    const legacyId = rig.addLegacy(owner)
    const start = await (
      await rig.main.as(owner)
    )<{ timelineEnd: string }>('query ($id: ID!) { timelineEnd(legacyId: $id) }', { id: legacyId })
    const subscriber = await rig.main.subscriber(owner)
    const received = subscriber.timeline(legacyId, given(start).timelineEnd).take(60)
    const events = Array.from({ length: 60 }, () => personAdded(owner, legacyId))
    await bus.publish(events, {})
    await bus.publish(events.slice(0, 20), {})
    expect(ids(await received).toSorted()).toEqual(ids(events as never).toSorted())
    await subscriber.close()
  })

  it('keeps what it is told of one tenant from every other', async () => {
    const owner = testTenant()
    const stranger = testTenant()
    // The same legacy id in another tenant: a forged payload must not reach across.
    const legacyId = rig.addLegacy(owner)
    const subscriber = await rig.main.subscriber(owner)
    const start = await (
      await rig.main.as(owner)
    )<{ timelineEnd: string }>('query ($id: ID!) { timelineEnd(legacyId: $id) }', { id: legacyId })
    const events = subscriber.timeline(legacyId, given(start).timelineEnd)
    const own = personAdded(owner, legacyId)
    await bus.publish([personAdded(stranger, legacyId), own], {})
    expect(ids(await events.take(1))).toEqual([own.id])
    const page = given(await timelineEvents(await rig.main.as(owner), legacyId)).timelineEvents
    expect(ids(page.nodes)).toEqual([own.id])
    await subscriber.close()
  })
})
