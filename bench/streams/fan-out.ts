import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '@heirloom/embedded'
import { percentile, type Bar } from '../report.js'
import { startGatewayProcess } from './fan-out-gateway.js'
import type { StreamsPart } from './part.js'
import { pinLoad, startPinned, unpinLoad, type PinnedProcess } from './pinned-process.js'
import { subscribeRaw, type RawSubscriber } from './raw-subscriber.js'
import { startSourceSubgraph } from './source-subgraph.js'

/** A server that subscribers follow, and how an event is published on it. */
interface Contender {
  readonly port: number
  readonly token: string | undefined
  readonly process: PinnedProcess
  readonly query: string
  /** Resolves once so many streams are followed. */
  readonly followed: (streams: number) => Promise<void>
  readonly publish: (stream: string, event: { n: number; text: string }) => void
}

interface Measured {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly kilobytes: number
  readonly perSecond: number
  /** Of the server, and of what makes the load, for each delivery at the even pace. */
  readonly cpuMicros: number
  readonly loadMicros: number
}

const eventsPerSecond = 5
const connectAtOnce = 100
const settleMs = 1_500
const giveUpMs = 180_000
const text = 'What was told on that evening, and by whom. '.repeat(6)
/** Both processes hold a descriptor per subscriber, and some more. */
const spareDescriptors = 500

/** One gateway process, and how many it reaches; beside it the same without any guarantee. */
export const fanOutPart: StreamsPart = {
  name: 'fan-out',
  measure: async ({ quick }) => {
    const most = Math.min(10_000, descriptorLimit() - spareDescriptors)
    if (most < 10_000) console.log(`only ${most} subscribers: raise \`ulimit -n\` for 10,000`)
    console.log(pinLoad() ? 'server on core 0, load on core 1' : 'nothing is pinned')
    const seconds = quick ? 4 : 20
    const source = await startSourceSubgraph()
    const gateway = await startGatewayProcess(source)
    const ours: Contender = {
      port: gateway.port,
      token: gateway.token,
      process: gateway,
      query: `subscription ($stream: ID!, $after: String) {
        followed(stream: $stream, after: $after) { n text } }`,
      followed: async (streams) => {
        while (source.followers < streams) await delay(20)
      },
      publish: (stream, event) => source.append(stream, event),
    }
    const bars: Bar[] = []
    try {
      await measure(ours, { subscribers: 200, streams: 1, seconds: 1 })
      const few = await measure(ours, { subscribers: 1_000, streams: 1, seconds })
      bars.push(...shown('1,000 subscribers of one stream', few))
      const many = await measure(ours, { subscribers: most, streams: 1, seconds })
      const spread = await measure(ours, { subscribers: most, streams: 1_000, seconds })
      const plain = await withBaseline((baseline) =>
        // It falls behind, and must come to an end all the same.
        measure(baseline, { subscribers: most, streams: 1, seconds: 4 }),
      )
      const count = most.toLocaleString('en')
      bars.push(...shown(`${count} subscribers of one stream`, many))
      bars.push(...shown(`${count} subscribers of 1,000 streams`, spread))
      console.log(`baseline: ${JSON.stringify(plain)}`)
      bars.push({
        name: 'fan-out, processor time against the baseline without guarantee',
        value: many.cpuMicros / plain.cpuMicros,
        unit: '×',
        goal: 1.3,
        direction: 'max',
      })
      bars.push({
        name: 'fan-out, time to reach all against the baseline without guarantee',
        value: plain.perSecond / many.perSecond,
        unit: '×',
        goal: 1.3,
        direction: 'max',
      })
      return bars
    } finally {
      await gateway.stop()
      source.close()
      unpinLoad()
    }
  },
}

function shown(what: string, { p50Ms, p99Ms, kilobytes, perSecond }: Measured): readonly Bar[] {
  return [
    { name: `${what}: p50`, value: p50Ms, unit: 'ms', goal: 250, direction: 'max' },
    { name: `${what}: p99`, value: p99Ms, unit: 'ms', goal: 500, direction: 'max' },
    { name: `${what}: memory each`, value: kilobytes, unit: 'KB', goal: 25, direction: 'max' },
    {
      name: `${what}: delivered in a burst`,
      value: perSecond,
      unit: 'events/s',
      goal: 20_000,
      direction: 'min',
    },
  ]
}

async function withBaseline(work: (baseline: Contender) => Promise<Measured>): Promise<Measured> {
  const port = await freePort()
  const file = new URL('baseline-server.js', import.meta.url).pathname
  const started = await startPinned(file, [], { PORT: String(port) })
  try {
    const baseline: Contender = {
      port,
      token: undefined,
      process: started,
      query: 'subscription ($stream: ID!) { followed(stream: $stream) { n text } }',
      followed: () => delay(settleMs),
      publish: (stream, event) => started.child.send({ stream, event }),
    }
    await measure(baseline, { subscribers: 200, streams: 1, seconds: 1 })
    return await work(baseline)
  } finally {
    await started.stop()
  }
}

async function measure(
  { process: server, ...contender }: Contender,
  wanted: { readonly subscribers: number; readonly streams: number; readonly seconds: number },
): Promise<Measured> {
  const { subscribers: count, streams, seconds } = wanted
  const before = await server.residentBytes()
  const publishedAt = new Map<number, number>()
  const latencies: number[] = []
  let delivered = 0
  let reached: (() => void) | undefined
  let due = 0
  let wrong: string | undefined
  let n = 0

  const open: RawSubscriber[] = []
  for (let from = 0; from < count; from += connectAtOnce) {
    const some = Array.from({ length: Math.min(connectAtOnce, count - from) }, (_, index) => {
      let last = 0
      return subscribeRaw(contender.port, {
        token: contender.token,
        query: contender.query,
        variables: { stream: streamOf(from + index, streams) },
        onEvent: (event, at) => {
          // Once, and in order: what is published on a stream is numbered upwards.
          if (event <= last) wrong ??= `event ${event} came after ${last}`
          last = event
          latencies.push(at - (publishedAt.get(event) ?? at))
          delivered += 1
          if (delivered === due) reached?.()
        },
        onEnd: (reason) => (wrong ??= reason),
      })
    })
    open.push(...(await Promise.all(some)))
  }
  await contender.followed(Math.min(streams, count))
  await delay(settleMs)
  const kilobytes = ((await server.residentBytes()) - before) / count / 1_024

  /** To one stream after the other, in turns: as many events a second, whatever their number. */
  function publish(): number {
    n += 1
    publishedAt.set(n, performance.now())
    if (streams === 1) {
      contender.publish('s0', { n, text })
      return count
    }
    for (let stream = 0; stream < streams; stream += 1) contender.publish(`s${stream}`, { n, text })
    return count
  }

  async function all(publishing: () => Promise<number> | number): Promise<void> {
    if (wrong !== undefined) throw new Error(wrong)
    const done = new Promise<void>((resolve) => (reached = resolve))
    due = Infinity
    due = await publishing()
    if (delivered < due) await Promise.race([done, delay(giveUpMs)])
    if (delivered !== due) throw new Error(`${delivered} of ${due} were delivered; ${wrong}`)
  }

  await all(publish)
  latencies.length = 0
  delivered = 0
  const cpuBefore = await server.cpuMs()
  const loadBefore = process.cpuUsage()
  await all(async () => {
    let expected = 0
    for (let event = 0; event < seconds * eventsPerSecond; event += 1) {
      expected += publish()
      await delay(1_000 / eventsPerSecond)
    }
    return expected
  })
  const [p50Ms, p99Ms] = [percentile(latencies, 0.5), percentile(latencies, 0.99)]
  const cpuMicros = (1_000 * ((await server.cpuMs()) - cpuBefore)) / delivered
  const load = process.cpuUsage(loadBefore)
  const loadMicros = (load.user + load.system) / delivered

  delivered = 0
  const burst = 10
  const begunAt = performance.now()
  await all(() => Array.from({ length: burst }, publish).reduce((sum, each) => sum + each, 0))
  const perSecond = (1_000 * delivered) / (performance.now() - begunAt)
  const result = { p50Ms, p99Ms, kilobytes, perSecond, cpuMicros, loadMicros }
  console.log(`${count} on ${streams}: ${JSON.stringify(result)}`)
  for (const subscriber of open) subscriber.close()
  await delay(settleMs)
  return result
}

function streamOf(index: number, streams: number): string {
  return `s${index % streams}`
}

function descriptorLimit(): number {
  const report = process.report.getReport() as {
    readonly userLimits?: { readonly open_files?: { readonly soft?: number | string } }
  }
  const soft = report.userLimits?.open_files?.soft
  return typeof soft === 'number' ? soft : Infinity
}
