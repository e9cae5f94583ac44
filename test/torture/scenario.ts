import { copyFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createHeirloomClient } from '@heirloom/client'
import { eventually, startSystem, type System } from '@heirloom/testkit'
import { startCuttingProxy } from '../support/cutting-proxy.js'
import { root } from '../support/repository.js'
import { startChaos } from './chaos.js'
import { accountOf, isClean, unkept, type Ledger } from './ledger.js'
import { openLogs, type Logs } from './logs.js'
import type { TortureOptions } from './options.js'
import { seeded } from './random.js'
import { startSubscriber, type Subscriber } from './subscribers.js'
import { cachedToken, createLegacy, startOf, untilStories, type Start } from './setting.js'
import { startWriters } from './writers.js'

const tenant = 't_haworth'
const catchUpMs = 120_000
/** What comes twice may come a little later. */
const afterglowMs = 1_500
const pollMs = 200
const answerMs = 5_000
const lastLines = 20
const fewSubscribers = 5

/** Runs the scenario, shorter when `signal` aborts; resolves to the ledger, whatever it says. */
export async function torture(
  options: TortureOptions,
  log: (what: string) => void,
  signal?: AbortSignal,
): Promise<Ledger> {
  const closers: (() => Promise<unknown>)[] = []
  try {
    const folder = await mkdtemp(join(tmpdir(), 'heirloom-torture-'))
    closers.push(() => rm(folder, { recursive: true, force: true }))
    const supergraphFile = join(folder, 'supergraph.graphql')
    await copyFile(`${root}schema/supergraph.graphql`, supergraphFile)
    const system = await startSystem({ env: { SUPERGRAPH_FILE: supergraphFile } })
    closers.push(() => system.stop())
    const proxy = await startCuttingProxy(Number(new URL(system.url).port))
    closers.push(() => proxy.close())
    const logs = await openLogs(system.dataDir, tenant)
    closers.push(() => logs.close())

    const token = cachedToken(() => system.token(tenant))
    const client = createHeirloomClient({ url: `${system.url}/graphql`, token })
    const legacyId = await createLegacy(client, options.seed)
    const streamIds = Array.from({ length: options.streams }, (_, n) => `torture-${n + 1}`)
    const followed = [...streamIds, `timeline/${legacyId}`]
    const starts = new Map<string, Start>()
    for (const streamId of followed) starts.set(streamId, await startOf(client, logs, streamId))
    const url = `http://127.0.0.1:${proxy.port}/graphql`
    const subscribers: Subscriber[] = []
    const random = seeded(options.seed)
    for (let n = 0; n < options.subscribers; n += 1) {
      const way = options.ways[n % options.ways.length] ?? 'plain'
      const streamId = followed[(n + Math.floor(n / options.ways.length)) % followed.length] ?? ''
      const after = starts.get(streamId)?.cursor ?? ''
      const given = { way, streamId, after, url, token, random: seeded(options.seed + n + 1) }
      subscribers.push(startSubscriber(`${n + 1} ${way}`, given))
    }
    log(`${subscribers.length} subscribers on ${followed.length} streams`)
    const writers = startWriters({
      logs,
      client,
      streamIds,
      legacyId,
      random: seeded(-options.seed),
      ...options,
    })
    const disconnectDatabase = (): Promise<void> => logs.disconnect()
    const chaos = startChaos({
      disconnectDatabase,
      system,
      proxy,
      supergraphFile,
      subscribers,
      options,
      random,
      log,
    })

    const startedAt = Date.now()
    await delay(options.minutes * 60_000, undefined, { signal }).catch(() => undefined)
    const minutes = (Date.now() - startedAt) / 60_000
    await chaos.stop()
    await untilReady(system)
    await untilServed(system, supergraphFile)
    await writers.stop()
    log('the writers have stopped; the subscribers catch up')
    for (const subscriber of subscribers) subscriber.hurry()
    await untilStories(writers.written, logs, catchUpMs)
    const truth = new Map<string, Awaited<ReturnType<Logs['all']>>>()
    for (const streamId of followed) {
      const events = await logs.all(streamId)
      const rows = await logs.rows(streamId)
      if (
        rows.length !== events.length ||
        !rows.every((sk, n) => sk.endsWith(`#${events[n]?.id}`))
      ) {
        throw new Error(`${streamId} reads otherwise than its ${rows.length} rows say`)
      }
      truth.set(streamId, events.slice(starts.get(streamId)?.before))
    }
    const isBehind = ({ streamId, seen }: Subscriber): boolean =>
      new Set(seen).size < (truth.get(streamId)?.length ?? 0)
    await untilNone(subscribers, isBehind, log)
    await delay(afterglowMs)
    for (const subscriber of subscribers) subscriber.stop()

    const accounts = subscribers.map((subscriber) =>
      accountOf(
        subscriber,
        (truth.get(subscriber.streamId) ?? []).map(({ id }) => id),
      ),
    )
    const missing = unkept(writers.written, truth)
    return {
      seed: options.seed,
      minutes: Math.round(minutes * 10) / 10,
      damage: chaos.damage,
      appended: [...truth.values()].reduce((sum, events) => sum + events.length, 0),
      appendRetries: writers.written.reduce((sum, { retries }) => sum + retries, 0),
      unkept: missing.length,
      delivered: accounts.reduce((sum, { seen }) => sum + seen, 0),
      accounts,
      clean: isClean(accounts) && missing.length === 0,
    }
  } finally {
    for (const close of closers.toReversed()) await close().catch(() => undefined)
  }
}

/** Says what was missing to the last, should it not come back. */
async function untilReady({ url, dataDir }: System): Promise<void> {
  let answer = 'it does not answer'
  const isReady = async (): Promise<boolean> => {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(answerMs) })
    answer = `${response.status} ${await response.text()}`
    return response.ok
  }
  await eventually(isReady, catchUpMs).catch(async (cause: unknown) => {
    const log = await readFile(join(dataDir, 'logs', 'gateway.log'), 'utf8')
    const lastWords = log.trimEnd().split('\n').slice(-lastLines).join('\n')
    throw new Error(`the gateway is not ready again: ${answer}\n${lastWords}`, { cause })
  })
}

/** A supergraph that was refused would leave the torture without reloads, and nobody would know. */
async function untilServed({ url }: System, supergraphFile: string): Promise<void> {
  const wanted = await readFile(supergraphFile, 'utf8')
  const isServed = async (): Promise<boolean> =>
    (await (await fetch(`${url}/schema/supergraph`)).text()) === wanted
  await eventually(isServed, catchUpMs).catch((cause: unknown) => {
    throw new Error('the newest supergraph has not been taken up', { cause })
  })
}

/** Says who is last: a subscriber that nothing disturbs any more should not need long. */
async function untilNone(
  subscribers: readonly Subscriber[],
  isBehind: (subscriber: Subscriber) => boolean,
  log: (what: string) => void,
): Promise<void> {
  const until = Date.now() + catchUpMs
  for (let behind = subscribers; Date.now() < until; await delay(pollMs)) {
    const left = behind.filter(isBehind)
    if (left.length === 0) return log('all subscribers are there')
    if (left.length < behind.length && left.length <= fewSubscribers) {
      log(`still behind: ${left.map(({ name, streamId }) => `${name} on ${streamId}`).join(', ')}`)
    }
    behind = left
  }
}
