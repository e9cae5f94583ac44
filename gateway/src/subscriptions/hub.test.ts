import * as fc from 'fast-check'
import { parse } from 'graphql'
import { describe, expect, it, vi } from 'vitest'
import { testLogger } from '@heirloom/testkit'
import { createPlanInterpreter } from '../federation/execute-plan.js'
import { createDocuments } from '../guard/documents.js'
import { defaultPolicy } from '../federation/operation-policy.js'
import type { ServedSupergraph } from '../federation/served-supergraph.js'
import { createPlanner } from '../federation/planner.js'
import type { Asker } from '../federation/subgraph-request.js'
import { buildSupergraph } from '../federation/supergraph.js'
import { StreamLog, TestOutlet } from '../testing/hub-ends.js'
import { testSupergraph } from '../testing/subgraphs.js'
import { createHub, subscriptionLimits, type Hub } from './hub.js'

// The hub alone: a log in memory in place of a subgraph, outlets that tests open and close. The
// model is the log: whoever follows is given a run of it, without a gap, in order, to the end.

const sdl = testSupergraph()
const query = `subscription F($after: String) {
  followed(stream: "s", after: $after, announced: true) { text }
}`

interface Rig {
  readonly hub: Hub
  readonly log: StreamLog
  readonly reload: (changed?: string) => void
  readonly follow: (after?: string, rights?: string, text?: string) => TestOutlet
}

function rig(limits: Partial<typeof subscriptionLimits> = {}): Rig {
  const log = new StreamLog()
  let served = serve(sdl)
  let listener: (() => void) | undefined
  const hub = createHub({
    federation: {
      hold: () => ({ served, release: () => undefined }),
      onChange: (wanted) => {
        listener = () => wanted(served)
        return () => (listener = undefined)
      },
    },
    openUpstream: log.follow,
    limits: { ...subscriptionLimits, connectMs: 30_000, ...limits },
    logger: testLogger(),
    now: Date.now,
  })
  return {
    hub,
    log,
    reload: (changed = sdl) => {
      served = serve(changed)
      listener?.()
    },
    follow: (after, rights = 'r', text = query) => {
      const outlet = new TestOutlet()
      const schema = served.supergraph.apiSchema
      const request = { document: parse(text), variables: { after }, schema }
      const followed = hub.follow(request, asker(rights), outlet)
      if ('errors' in followed) throw new Error(String(followed.errors))
      outlet.subscription = followed
      return outlet
    },
  }
}

function serve(text: string): ServedSupergraph {
  const supergraph = buildSupergraph(text)
  const nothing = () => Promise.resolve({ data: {} })
  return {
    supergraph,
    urls: new Map(supergraph.subgraphs.map(({ name }) => [name, `http://${name}`])),
    plan: createPlanner(supergraph),
    executePlan: createPlanInterpreter(supergraph.schema, nothing),
    policy: defaultPolicy,
    documents: createDocuments({ ...supergraph, policy: defaultPolicy }),
  } as unknown as ServedSupergraph
}

function asker(rights: string): Asker {
  const ids = { requestId: 'r', traceparent: 't' }
  const caller = { ...ids, rights, identity: rights, headersFor: () => Promise.resolve({}) }
  return { ...ids, rights, createCaller: () => caller }
}

/** Waits until what is expected is so. */
const eventually = (expectation: () => void): Promise<void> =>
  vi.waitFor(expectation, { timeout: 10_000, interval: 2 })

const has = (outlet: TestOutlet, texts: readonly string[]): Promise<void> =>
  eventually(() => expect(outlet.given).toEqual(texts))

describe('followers of one stream', () => {
  it('share one source, from wherever they come to it', async () => {
    const { hub, log, follow } = rig()
    for (const text of ['a', 'b', 'c']) log.append(text)
    const late = follow('c1')
    await has(late, ['b', 'c'])
    const same = [follow('c1'), follow('c2'), follow('c3'), follow()]
    await has(same[0] ?? late, ['b', 'c'])
    await eventually(() => expect(hub.feeds).toBe(1))
    log.append('d')
    await has(same[3] ?? late, ['d'])
    await has(same[2] ?? late, ['d'])
    await has(same[1] ?? late, ['c', 'd'])
    expect(log.open).toBe(1)
    for (const outlet of [late, ...same]) outlet.subscription?.stop()
    await eventually(() => expect([hub.feeds, log.open]).toEqual([0, 0]))
    hub.close()
  })

  it('do not share with others whose rights, selection or variables differ', async () => {
    const { hub, log, follow } = rig()
    follow(undefined, 'one')
    follow(undefined, 'other')
    follow(undefined, 'one', query.replace('text', 'words: text'))
    follow(undefined, 'one', query.replace('"s"', '"another"'))
    // Where somebody starts makes no difference, nor how a document is laid out.
    follow(undefined, 'one', query.replaceAll(/\s+/g, ' '))
    await eventually(() => expect(log.open).toBe(4))
    expect(hub.feeds).toBe(4)
    hub.close()
  })

  it('take no empty cursor for the start of a feed whose start is not known', async () => {
    const { hub, log, follow } = rig()
    follow()
    follow('')
    await eventually(() => expect(log.opened).toBe(2))
    hub.close()
  })

  it('are told apart by what they take: one that stands still holds nobody up', async () => {
    const { hub, log, follow } = rig({ maxRingEvents: 4 })
    const quick = follow()
    const slow = follow()
    await eventually(() => expect(log.open).toBe(1))
    slow.setFull(true)
    const texts = Array.from({ length: 40 }, (_, index) => `e${index}`)
    for (const text of texts) log.append(text)
    await has(quick, texts)
    expect(slow.given).toEqual([])
    slow.setFull(false)
    await has(slow, texts)
    await eventually(() => expect(hub.feeds).toBe(1))
    hub.close()
  })

  it('are read for at the pace of the quickest, and not at all while none takes anything', async () => {
    const { hub, log, follow } = rig({ maxRingEvents: 4 })
    const outlet = follow('c0')
    outlet.setFull(true)
    for (let index = 0; index < 100; index += 1) log.append(`e${index}`)
    await eventually(() => expect(log.open).toBe(1))
    outlet.setFull(false)
    await eventually(() => expect(outlet.given).toHaveLength(100))
    expect(log.opened).toBe(1)
    hub.close()
  })

  it('are ended with their own cursor when they take nothing for too long', async () => {
    const { hub, log, follow } = rig({ slowConsumerMs: 40 })
    const slow = follow()
    const quick = follow()
    await eventually(() => expect(log.open).toBe(1))
    log.append('a')
    await has(slow, ['a'])
    slow.setFull(true)
    log.append('b')
    await eventually(() =>
      expect(slow.ended?.reason).toMatchObject({
        code: 'CONSUMER_TOO_SLOW',
        details: { cursor: 'c1' },
      }),
    )
    await has(quick, ['a', 'b'])
    expect(quick.ended).toBeUndefined()
    hub.close()
  })

  it('go on where they were when their source is opened anew to be authorised again', async () => {
    const { hub, log, follow } = rig({ reauthorizeMs: 15 })
    const outlet = follow()
    await eventually(() => expect(log.opened).toBeGreaterThan(3))
    for (const text of ['a', 'b', 'c', 'd', 'e']) log.append(text)
    await has(outlet, ['a', 'b', 'c', 'd', 'e'])
    hub.close()
  })
})

describe('a supergraph that is replaced', () => {
  it('is taken up by what runs, at its cursor', async () => {
    const { hub, log, follow, reload } = rig()
    const outlets = [follow('c0'), follow()]
    await eventually(() => expect(log.open).toBe(1))
    log.append('a')
    await Promise.all(outlets.map((outlet) => has(outlet, ['a'])))
    reload()
    log.append('b')
    await Promise.all(outlets.map((outlet) => has(outlet, ['a', 'b'])))
    expect(log.opened).toBeGreaterThan(1)
    hub.close()
  })

  it('ends with a named error what it has no place for, and nothing else', async () => {
    const { hub, log, follow, reload } = rig()
    const gone = follow()
    const stays = follow(undefined, 'r', query.replace('{ text }', '{ cursor }'))
    await eventually(() => expect(log.open).toBe(2))
    reload(sdl.replaceAll(/^ {2}text: String!.*$/gm, ''))
    await eventually(() =>
      expect(gone.ended?.reason).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' }),
    )
    expect(stays.ended).toBeUndefined()
    hub.close()
  })
})

type Act =
  | { readonly do: 'append'; readonly count: number }
  | { readonly do: 'follow'; readonly back: number | undefined }
  | { readonly do: 'stop' | 'block' | 'release'; readonly which: number }
  | { readonly do: 'cut' | 'reload' | 'wait' }
  | { readonly do: 'down'; readonly isDown: boolean }

const which = fc.nat({ max: 20 })
const acts = fc.oneof(
  fc.record({ do: fc.constant('append' as const), count: fc.integer({ min: 1, max: 8 }) }),
  fc.record({
    do: fc.constant('follow' as const),
    back: fc.option(fc.nat({ max: 12 }), { nil: undefined }),
  }),
  fc.record({ do: fc.constantFrom('stop' as const, 'block' as const, 'release' as const), which }),
  fc.record({ do: fc.constantFrom('cut' as const, 'reload' as const, 'wait' as const) }),
  fc.record({ do: fc.constant('down' as const), isDown: fc.boolean() }),
)

describe('whatever happens', () => {
  it('everybody is given a run of the log without a gap, once and in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(acts as fc.Arbitrary<Act>, { maxLength: 40 }), async (script) => {
        const { hub, log, follow, reload } = rig({ maxRingEvents: 4 })
        const all: { outlet: TestOutlet; from: number; exact: boolean; stopped: boolean }[] = []
        for (const act of script) {
          const one = 'which' in act ? all[act.which % Math.max(1, all.length)] : undefined
          switch (act.do) {
            case 'append':
              for (let n = 0; n < act.count; n += 1) log.append(`e${log.texts.length}`)
              break
            case 'follow': {
              const end = log.texts.length
              const from = act.back === undefined ? end : Math.max(0, end - act.back)
              const exact = act.back !== undefined
              const outlet = follow(exact ? `c${from}` : undefined)
              all.push({ outlet, from, exact, stopped: false })
              break
            }
            case 'stop':
              if (one !== undefined) {
                one.stopped = true
                one.outlet.subscription?.stop()
              }
              break
            case 'block':
            case 'release':
              one?.outlet.setFull(act.do === 'block')
              break
            case 'cut':
              log.cut()
              break
            case 'reload':
              reload()
              break
            case 'wait':
              await new Promise((resolve) => setImmediate(resolve))
              break
            case 'down':
              log.setDown(act.isDown)
          }
        }
        log.setDown(false)
        // Those who follow from now begin to when the source is reached.
        const running = all.filter(({ stopped }) => !stopped)
        for (const { outlet } of running) outlet.setFull(false)
        await eventually(() => expect(log.open).toBeGreaterThanOrEqual(running.length > 0 ? 1 : 0))
        log.append('last')
        const placed = running.filter(({ exact }) => exact)
        for (const { outlet, from } of placed) await has(outlet, log.texts.slice(from))
        for (const { outlet, from, exact } of all) {
          const begin = exact ? from : Math.max(0, log.texts.indexOf(outlet.given[0] ?? ''))
          expect(outlet.given).toEqual(log.texts.slice(begin, begin + outlet.given.length))
        }
        // A source from now that broke before it said where now was is not begun again.
        const ended = all.filter(({ outlet }) => outlet.ended !== undefined)
        for (const { outlet, exact } of ended) {
          expect([outlet.ended?.reason?.code, exact]).toEqual(['SUBGRAPH_UNAVAILABLE', false])
        }
        for (const { outlet } of all) outlet.subscription?.stop()
        await eventually(() => expect([hub.feeds, log.open]).toEqual([0, 0]))
        hub.close()
      }),
      { numRuns: 60 },
    )
  })
})
