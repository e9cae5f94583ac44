import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import { startSubgraphs } from './gateway/subgraphs.js'
import { benchOptions, percentile, report, type Bar } from './report.js'

// Default Apollo Gateway and ours over the same subgraphs, in turn, at 50 connections.
const options = benchOptions()
const connections = 50
const rounds = options.quick ? 3 : 9
const roundMs = options.quick ? 1_500 : 5_000

interface Shape {
  readonly name: string
  readonly query: string
  /** The variables of the n-th request. */
  readonly variables: (n: number) => object
  readonly goal: number
}

const nested = `query ($first: Int!) { users(first: $first) { name reviews { body product { name price inStock shippingEstimate reviews { stars author { name username reviews { product { name } } } } } } } }`
const hops = `query ($first: Int!) { topProducts(first: $first) { name reviews { body author { name username } } } }`
const deep = `query { users(first: 6) { name reviews { product { name reviews { author { name reviews { product { upc reviews { stars author { username } } } } } } } } } }`
const differing = (n: number): object => ({ first: 3 + (n % 12) })

const shapes: readonly Shape[] = [
  {
    name: 'small',
    query: 'query ($id: ID!) { user(id: $id) { id name } }',
    variables: (n) => ({ id: `${n % 40}` }),
    goal: 8,
  },
  { name: 'three hops, differing', query: hops, variables: differing, goal: 15 },
  { name: 'nested, differing', query: nested, variables: differing, goal: 12 },
  { name: 'nested, identical', query: nested, variables: () => ({ first: 8 }), goal: 15 },
  { name: 'deep, identical', query: deep, variables: () => ({}), goal: 12 },
]

interface Contender {
  readonly name: string
  readonly url: string
  readonly child: ChildProcess
}

interface Round {
  readonly perSecond: number
  readonly cpuMs: number
  readonly latencies: readonly number[]
}

const folder = await mkdtemp(join(tmpdir(), 'heirloom-bench-'))
const subgraphs = await startSubgraphs()
const file = join(folder, 'supergraph.graphql')
await writeFile(file, subgraphs.supergraphSdl)
const apollo = await start('apollo')
const ours = await start('heirloom')
const agent = new Agent({ connections, pipelining: 1 })

const bars: Bar[] = []
let different = 0
for (const shape of shapes) {
  for (let n = 0; n < 40; n += 1) {
    const answers = [await ask(apollo, shape, n), await ask(ours, shape, n)]
    const [one, other] = answers.map((text) => sorted(JSON.parse(text)))
    if (one === other && one?.includes('"errors"') === false) continue
    different += 1
    console.error(`${shape.name}, request ${n}:\n${one?.slice(0, 300)}\n${other?.slice(0, 300)}`)
  }
  await measure(ours, shape)
  const ratios: number[] = []
  const last = new Map<Contender, Round>()
  for (let round = 0; round < rounds; round += 1) {
    const speeds = new Map<Contender, number>()
    for (const contender of round % 2 === 0 ? [apollo, ours] : [ours, apollo]) {
      const measured = await measure(contender, shape)
      last.set(contender, measured)
      speeds.set(contender, measured.perSecond)
    }
    ratios.push((speeds.get(ours) ?? 0) / (speeds.get(apollo) ?? Number.NaN))
  }
  for (const [{ name }, { perSecond, cpuMs, latencies }] of last) {
    console.log(
      `${shape.name.padEnd(24)} ${name.padEnd(9)} ${perSecond.toFixed(0).padStart(6)}/s  ${cpuMs.toFixed(2)} ms CPU  p50 ${percentile(latencies, 0.5).toFixed(1)} ms  p99 ${percentile(latencies, 0.99).toFixed(1)} ms`,
    )
  }
  bars.push({
    name: `requests per second to Apollo Gateway's: ${shape.name}`,
    value: percentile(ratios, 0.5),
    unit: '×',
    goal: shape.goal,
    direction: 'min',
  })
}
bars.push({
  name: 'answers that differ',
  value: different,
  unit: 'answers',
  goal: 0,
  direction: 'max',
})
await agent.close()
for (const { child } of [apollo, ours]) {
  child.disconnect()
  await once(child, 'exit')
}
subgraphs.close()
await rm(folder, { recursive: true })
report('gateway', bars, options)

async function start(name: string): Promise<Contender> {
  const child = fork(new URL(`gateway/${name}.js`, import.meta.url), [file])
  const [{ url }] = (await once(child, 'message')) as [{ url: string }]
  return { name, url, child }
}

async function ask({ url }: Contender, { query, variables }: Shape, n: number): Promise<string> {
  const { body } = await request(url, {
    dispatcher: agent,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: variables(n) }),
  })
  return body.text()
}

async function measure(contender: Contender, shape: Shape): Promise<Round> {
  const before = await cpuOf(contender)
  const started = performance.now()
  const latencies: number[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    while (performance.now() - started < roundMs) {
      const sent = performance.now()
      next += 1
      await ask(contender, shape, next)
      latencies.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  const seconds = (performance.now() - started) / 1_000
  const cpuMs = ((await cpuOf(contender)) - before) / latencies.length
  return { perSecond: latencies.length / seconds, cpuMs, latencies }
}

async function cpuOf({ child }: Contender): Promise<number> {
  const answered = once(child, 'message') as Promise<[{ cpuMs: number }]>
  child.send('cpu')
  const [{ cpuMs }] = await answered
  return cpuMs
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
