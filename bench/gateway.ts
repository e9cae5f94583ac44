import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pinLoad, startContenders, type Contender } from './gateway/contenders.js'
import { ask, bodiesOf, clientOf, measure, type Round } from './gateway/load.js'
import { createMemoServer } from './gateway/memo-server.js'
import { shapes, type Shape } from './gateway/shapes.js'
import { listening, startSubgraphs } from './gateway/subgraphs.js'
import { benchOptions, percentile, report, type Bar } from './report.js'

// Gateways over the same subgraphs, in turn within one run, so that whatever else the machine does
// meets all of them alike.
const options = benchOptions()
const plan = options.quick
  ? [{ connections: 50, rounds: 2, roundMs: 1_000 }]
  : [
      { connections: 1, rounds: 2, roundMs: 1_500 },
      { connections: 10, rounds: 2, roundMs: 1_500 },
      { connections: 50, rounds: 5, roundMs: 4_000 },
    ]
const barsAt = 50

const folder = await mkdtemp(join(tmpdir(), 'heirloom-bench-'))
const subgraphs = await startSubgraphs()
const supergraphFile = join(folder, 'supergraph.graphql')
await writeFile(supergraphFile, subgraphs.supergraphSdl)
const ready = new Map<string, string>()
const readyServer = createMemoServer((body) => Promise.resolve(ready.get(body) ?? '{}'))
const readyPort = await listening(readyServer)
const contenders = await startContenders({ folder, supergraphFile, subgraphs, readyPort })
const isPinned = pinLoad()
console.log(
  `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, Node ${process.version}, load ${loadavg()[0]?.toFixed(1)}; gateways ${isPinned ? 'pinned to one core, load and subgraphs to another' : 'not pinned'}`,
)

const bars: Bar[] = []
let different = 0
for (const shape of shapes) {
  const wrong = await compare(shape)
  different += wrong.get('heirloom') ?? 0
  // What answers something else has done something else: its speed is no figure.
  const racing = contenders.filter(({ name }) => !wrong.has(name))
  for (const [name, count] of wrong) {
    console.log(`\n${shape.name}: not measured: ${name}, whose answers differ (${count})`)
  }
  for (const step of plan) {
    const rounds = await race(racing, shape, step)
    print(shape, step.connections, rounds)
    if (step.connections === barsAt) judge(shape, rounds)
  }
}
bars.push({
  name: 'answers of ours that differ',
  value: different,
  unit: 'answers',
  goal: 0,
  direction: 'max',
})
for (const contender of contenders) await contender.stop()
subgraphs.close()
readyServer.close()
await rm(folder, { recursive: true })
report('gateway', bars, options)

/** Every contender's answers, beside default Apollo Gateway's; also lays them ready, and warms up. */
async function compare(shape: Shape): Promise<ReadonlyMap<string, number>> {
  const wrong = new Map<string, number>()
  const clients = contenders.map(({ name, url }) => [name, clientOf(url, 1)] as const)
  for (const body of new Set(bodiesOf(shape))) {
    let expected: string | undefined
    for (const [name, client] of clients) {
      const text = await ask(client, body)
      if (expected === undefined) ready.set(body, text)
      const own = sorted(JSON.parse(text))
      expected ??= own
      if (own === expected && !own.includes('"errors"')) continue
      const count = (wrong.get(name) ?? 0) + 1
      wrong.set(name, count)
      if (count === 1) {
        console.error(
          `${shape.name}: ${name} differs\n${own.slice(0, 300)}\n${expected.slice(0, 300)}`,
        )
      }
    }
  }
  for (const [, client] of clients) client.close()
  return wrong
}

async function race(
  racing: readonly Contender[],
  shape: Shape,
  step: { readonly connections: number; readonly rounds: number; readonly roundMs: number },
): Promise<ReadonlyMap<Contender, readonly Round[]>> {
  const bodies = bodiesOf(shape)
  const measured = new Map(racing.map((contender) => [contender, [] as Round[]]))
  for (const contender of racing) await measure(contender, bodies, { ...step, roundMs: 500 })
  for (let round = 0; round < step.rounds; round += 1) {
    for (let turn = 0; turn < racing.length; turn += 1) {
      const contender = racing[(round + turn) % racing.length]
      if (contender === undefined) continue
      measured.get(contender)?.push(await measure(contender, bodies, step))
    }
  }
  return measured
}

function print(
  shape: Shape,
  connections: number,
  measured: ReadonlyMap<Contender, readonly Round[]>,
): void {
  console.log(`\n${shape.name}, ${connections} connections`)
  for (const [contender, rounds] of measured) {
    const of = (value: (round: Round) => number) => percentile(rounds.map(value), 0.5)
    const latency = (share: number) => of(({ latencies }) => percentile(latencies, share))
    console.log(
      [
        `  ${contender.name.padEnd(10)}`,
        `${of(({ perSecond }) => perSecond)
          .toFixed(0)
          .padStart(7)}/s`,
        `${ratioOf(measured, contender.name, 'apollo').toFixed(1).padStart(6)}×`,
        `${of(({ cpuMs }) => cpuMs)
          .toFixed(3)
          .padStart(8)} ms CPU`,
        `p50 ${latency(0.5).toFixed(1).padStart(7)} ms`,
        `p99 ${latency(0.99).toFixed(1).padStart(7)} ms`,
        `${contender.residentMb().toFixed(0).padStart(5)} MB`,
      ].join('  '),
    )
  }
}

/** The median, over the rounds, of the ratio of one's requests per second to the other's. */
function ratioOf(
  measured: ReadonlyMap<Contender, readonly Round[]>,
  one: string,
  other: string,
): number {
  const roundsOf = (name: string) =>
    [...measured].find(([contender]) => contender.name === name)?.[1] ?? []
  const theirs = roundsOf(other)
  const ratios = roundsOf(one).map(
    ({ perSecond }, round) => perSecond / (theirs[round]?.perSecond ?? Number.NaN),
  )
  return percentile(ratios, 0.5)
}

function judge(shape: Shape, measured: ReadonlyMap<Contender, readonly Round[]>): void {
  const bar = (other: string, goal: number): void => {
    if (![...measured.keys()].some(({ name }) => name === other)) return
    bars.push({
      name: `requests per second to ${other}'s: ${shape.name}`,
      value: ratioOf(measured, 'heirloom', other),
      unit: '×',
      goal,
      direction: 'min',
    })
  }
  if (shape.goal !== undefined) bar('apollo', shape.goal)
  if (!shape.isDiffering) return
  bar('mercurius', 1)
  bar('hive', 1)
  if (shape.name.startsWith('three') || shape.name.startsWith('nested')) bar('grafbase', 1)
}

function sorted(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
