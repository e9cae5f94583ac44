import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { tenantId, type TenantContext } from '@heirloom/tenancy'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import { createMortal, type Mortal } from './testing/mortal-backend.js'
import {
  allEvents,
  codeOf,
  deleteRoute,
  given,
  listRoutes,
  saveRoute,
} from './testing/operations.js'
import { startStorageRig, type StorageProcess, type StorageRig } from './testing/rig.js'

const graceMs = 600_000
/** Note, list the canvas, append, tell, note how far, forget: and one more that never comes. */
const writes = [1, 2, 3, 4, 5, 6, 7]

describe('the commands of a canvas', () => {
  let rig: StorageRig
  let mortal: Mortal
  let dying: StorageProcess
  let tenant: TenantContext
  let gql: GraphQLClient
  let aheadMs = 0

  beforeAll(async () => {
    rig = await startStorageRig({ now: () => Date.now() + aheadMs })
    given(
      await saveRoute(await asOperator(), { resourceKind: 'canvas_command_store', tenantId: null }),
    )
    mortal = createMortal()
    dying = await rig.startProcess({ backends: mortal.wrap, now: Date.now })
  })
  beforeEach(async () => {
    aheadMs = 0
    tenant = testTenant()
    gql = await rig.main.as(tenant)
  })
  afterAll(() => rig.close())

  /** Anew each time: a token lives for a minute. */
  function asOperator(): Promise<GraphQLClient> {
    return rig.main.as(testTenant({ tenantId: tenantId('t_system'), roles: ['operator'] }))
  }

  async function draw(
    client: GraphQLClient,
    key: string,
    expectedRevision: number,
  ): Promise<unknown> {
    const answer = await client<{ appendCanvasCommand: { __typename: string } }>(
      `mutation ($input: AppendCanvasCommandInput!) {
        appendCanvasCommand(input: $input) { __typename } }`,
      {
        input: {
          canvasId: 'tree',
          idempotencyKey: key,
          type: 'draw',
          payload: { key },
          expectedRevision,
        },
      },
    )
    return answer.data?.appendCanvasCommand.__typename ?? codeOf(answer)
  }

  async function drawn(client = gql): Promise<number> {
    const answer = await client<{ canvas: { headRevision: number } }>(
      '{ canvas(id: "tree") { headRevision } }',
    )
    return given(answer).canvas.headRevision
  }

  async function told(client = gql): Promise<readonly string[]> {
    return (await allEvents(client, 'canvas/default/tree')).map(({ id }) => id)
  }

  async function notes(of = tenant): Promise<number> {
    let found = 0
    for await (const note of rig.main.storage.feedNotes.all()) {
      if (note.tenantId === of.tenantId) found += 1
    }
    return found
  }

  function revisions(head: number): readonly string[] {
    return Array.from({ length: head }, (_, index) => `rev-${index + 1}`)
  }

  it.each(writes.flatMap((write) => [[write, 'before'] as const, [write, 'after'] as const]))(
    'are told of once, wherever a process dies: at write %i, %s it',
    async (write, when) => {
      const there = await dying.as(tenant)
      mortal.dieAt(write, when)
      await draw(there, 'a', 0)
      const died = mortal.isDead()
      mortal.revive()
      expect(died).toBe(write < 7)

      const head = await drawn()
      await rig.main.storage.canvasFeeder.feedNoted()
      expect(await told()).toEqual(revisions(head))
      // The client that heard nothing repeats itself.
      expect(await draw(gql, 'a', 0)).toBe('AppendCanvasCommandPayload')
      expect(await draw(gql, 'b', 1)).toBe('AppendCanvasCommandPayload')
      await rig.main.storage.canvasFeeder.feedNoted()
      expect(await drawn()).toBe(2)
      expect(await told()).toEqual(revisions(2))

      aheadMs = 2 * graceMs
      await rig.main.storage.canvasFeeder.feedNoted()
      expect(await notes()).toBe(0)
    },
  )

  it('are told of once and in order, while many draw and several feeders feed', async () => {
    const other = await rig.startProcess()
    const elsewhere = await other.as(tenant)
    let drawing = true
    const feeders = [rig.main, other].map(async ({ storage }) => {
      while (drawing) await storage.canvasFeeder.feedNoted()
    })
    const writers = [gql, elsewhere, gql].map(async (client, writer) => {
      for (let n = 0; n < 10;) {
        const done = await draw(client, `${writer}-${n}`, await drawn(client))
        if (done === 'AppendCanvasCommandPayload') n += 1
      }
    })
    await Promise.all(writers)
    drawing = false
    await Promise.all(feeders)
    expect(await told()).toEqual(revisions(30))
    expect(await notes()).toBe(0)
    await other.close()
  })

  it('that a stream could not take are told of when it is there again', async () => {
    const operator = await asOperator()
    for (const { id } of await listRoutes(operator, 'event_stream')) {
      given(await deleteRoute(operator, id))
    }
    expect(await draw(gql, 'a', 0)).toBe('AppendCanvasCommandPayload')
    expect(await draw(gql, 'b', 1)).toBe('AppendCanvasCommandPayload')
    await rig.main.storage.canvasFeeder.feedNoted()
    expect(await notes()).toBe(2)
    aheadMs = 2 * graceMs
    await rig.main.storage.canvasFeeder.feedNoted()
    // Old, and still not told: nothing is forgotten.
    expect(await notes()).toBe(2)
    given(await saveRoute(operator, { resourceKind: 'event_stream', tenantId: null }))
    await rig.main.storage.canvasFeeder.feedNoted()
    expect(await told()).toEqual(revisions(2))
    expect(await notes()).toBe(0)
  })

  it('leave no note behind that were refused', async () => {
    expect(await draw(gql, 'a', 5)).toBe('StaleVersion')
    const viewer = await rig.main.as({ ...tenant, roles: ['viewer'] })
    expect(await draw(viewer, 'a', 0)).toBe('FORBIDDEN')
    expect(await notes()).toBe(0)
  })

  it('are told of to their own tenant and project alone', async () => {
    const stranger = testTenant()
    const project = await rig.main.as({ ...tenant, projectId: 'attic' })
    const theirs = await rig.main.as(stranger)
    for (const client of [gql, project, theirs]) await draw(client, 'a', 0)
    await rig.main.storage.canvasFeeder.feedNoted()
    expect(await told()).toEqual(['rev-1'])
    expect(await told(theirs)).toEqual(['rev-1'])
    expect((await allEvents(project, 'canvas/attic/tree')).map(({ id }) => id)).toEqual(['rev-1'])
  })
})
