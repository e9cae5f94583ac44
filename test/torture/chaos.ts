import { readFile, writeFile } from 'node:fs/promises'
import { kill } from 'node:process'
import { setTimeout as delay } from 'node:timers/promises'
import type { System } from '@heirloom/testkit'
import type { CuttingProxy } from '../support/cutting-proxy.js'
import type { TortureOptions } from './options.js'
import type { Random } from './random.js'
import type { Subscriber } from './subscribers.js'

/** What was done to the system, counted. */
export interface Damage {
  readonly kills: Record<'gateway' | 'storage', number>
  /** Asked to go by SIGTERM, as a deploy does. */
  deploys: number
  /** Stopped for some seconds, as by a full machine, and let go on. */
  freezes: number
  /** Times that all connections of the storage subgraph to its database were ended. */
  disconnects: number
  cuts: number
  stalls: number
  reloads: number
  rebirths: number
}

export interface Chaos {
  readonly damage: Damage
  stop(): Promise<void>
}

export interface ChaosOptions {
  readonly system: System
  readonly proxy: CuttingProxy
  readonly supergraphFile: string
  readonly disconnectDatabase: () => Promise<void>
  readonly subscribers: readonly Subscriber[]
  readonly options: TortureOptions
  readonly random: Random
  readonly log: (what: string) => void
}

/** Each kind of fault has a rhythm of its own, so that they meet in every combination. */
export function startChaos(given: ChaosOptions): Chaos {
  const { system, proxy, subscribers, options, random, log } = given
  const stopping = new AbortController()
  const maxStallMs = options.longestSeconds * 1_000
  const damage: Damage = {
    kills: { gateway: 0, storage: 0 },
    deploys: 0,
    freezes: 0,
    disconnects: 0,
    cuts: 0,
    stalls: 0,
    reloads: 0,
    rebirths: 0,
  }

  async function every(seconds: number, act: () => Promise<void> | void): Promise<void> {
    if (seconds === 0) return
    for (;;) {
      await pause(random.waitMs(seconds * 1_000))
      if (stopping.signal.aborted) return
      await act()
    }
  }
  const pause = (ms: number): Promise<void> =>
    delay(ms, undefined, { signal: stopping.signal }).catch(() => undefined)

  async function killOne(): Promise<void> {
    const service = random.next() < 0.5 ? 'gateway' : 'storage'
    const isDeploy = random.next() < 0.25
    try {
      kill(await system.pid(service), isDeploy ? 'SIGTERM' : 'SIGKILL')
      if (isDeploy) damage.deploys += 1
      else damage.kills[service] += 1
      log(`${isDeploy ? 'asked to go: ' : 'killed '}${service}`)
    } catch {
      // It has not come back yet from the kill before.
    }
  }

  async function freeze(): Promise<void> {
    const service = random.next() < 0.5 ? 'gateway' : 'storage'
    const pid = await system.pid(service)
    try {
      kill(pid, 'SIGSTOP')
      damage.freezes += 1
      log(`froze ${service}`)
      await pause(random.between(1_000, maxStallMs))
      kill(pid, 'SIGCONT')
    } catch {
      // It was killed meanwhile, which ends a stopped process too.
    }
  }

  async function disconnect(): Promise<void> {
    damage.disconnects += 1
    await given.disconnectDatabase()
    log('ended all connections to the database of storage')
  }

  function cut(): void {
    const share = random.next()
    damage.cuts += proxy.cut(() => random.next() < share)
  }

  /** Silence without an end: only a time-out tells it from a stream in which nothing happens. */
  async function stall(): Promise<void> {
    const share = random.next()
    const resume = proxy.stall(() => random.next() < share)
    damage.stalls += 1
    await pause(random.between(500, maxStallMs))
    resume()
  }

  const original = readFile(given.supergraphFile, 'utf8')
  async function reload(): Promise<void> {
    damage.reloads += 1
    const text = `"""The schema, for the ${damage.reloads}. time."""\n${await original}`
    await writeFile(given.supergraphFile, text)
  }

  function rebear(): void {
    random.pick(subscribers)?.rebirth()
    damage.rebirths += 1
  }

  const running = [
    every(options.killEvery, killOne),
    every(options.freezeEvery, freeze),
    every(options.disconnectEvery, disconnect),
    every(options.cutEvery, cut),
    every(options.stallEvery, stall),
    every(options.reloadEvery, reload),
    every(options.rebirthEvery, rebear),
  ]
  return {
    damage,
    stop: async () => {
      stopping.abort()
      await Promise.all(running)
    },
  }
}
