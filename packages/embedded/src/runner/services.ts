import { existsSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '@heirloom/errors'
import { superviseChild, type SupervisedChild } from './child.js'
import type { DataDir } from './data-dir.js'
import { gatewayEnv, subgraphEnv, type Env, type Surroundings } from './environment.js'
import { took, type Opened } from './opened.js'
import { recordChildren } from './orphans.js'
import { serviceScript, type ListedSubgraph } from './repository.js'

const startTimeoutMs = 60_000
const readyTimeoutMs = 15_000
const pollIntervalMs = 50

/**
 * Starts every subgraph and the gateway at once, each a process of its own that brings its
 * database up to date first; resolves when the gateway says that it can serve.
 */
export async function startServices(
  subgraphs: readonly ListedSubgraph[],
  around: Surroundings,
  dataDir: DataDir,
  opened: Opened[],
  options: { onProgress: (message: string) => void; signal: AbortSignal },
): Promise<void> {
  const { onProgress, signal } = options
  const startedAtMs = Date.now()
  const record = recordChildren(dataDir.runFile)
  // Node 22.1 and later compile less at the next start; Node 20 does not know the variable.
  const compileCache = join(dataDir.root, 'compile-cache')
  const run = (name: string, serviceEnv: Env): SupervisedChild => {
    const script = serviceScript(name)
    const env = { ...serviceEnv, NODE_COMPILE_CACHE: compileCache }
    return superviseChild(
      { name, script, args: ['serve', '--migrate'], env, logFile: newLog(dataDir.logs, name) },
      {
        onSpawn: (pid) => record(name, pid),
        onRestart: (reason, delayMs) =>
          onProgress(`${name} stopped: ${reason}; starting it again in ${delayMs / 1000} s`),
      },
    )
  }
  const gateway = run('gateway', gatewayEnv(subgraphs, around))
  const others = subgraphs.map((subgraph) => run(subgraph.name, subgraphEnv(subgraph, around)))
  const all = [gateway, ...others]
  opened.push({
    // The gateway first: nobody is let in any more while the rest finishes what is under way.
    close: async () => {
      await gateway.stop()
      await Promise.all(others.map((child) => child.stop()))
    },
    kill: () => {
      for (const child of all) child.kill()
    },
  })
  const waiting = new Set(all.map(({ name }) => name))
  const serving = Promise.all(
    all.map(async ({ name, ready }) => {
      await ready
      waiting.delete(name)
      onProgress(`${name} serves ${took(startedAtMs)}`)
    }),
  )
  await Promise.race([serving, late(waiting), aborted(signal)])
  await untilReady(`http://127.0.0.1:${around.ports.gateway}/readyz`, signal)
}

/** The log of the start before is kept beside the new one. */
function newLog(folder: string, name: string): string {
  const path = join(folder, `${name}.log`)
  if (existsSync(path)) renameSync(path, `${path}.1`)
  return path
}

async function late(waiting: ReadonlySet<string>): Promise<never> {
  await delay(startTimeoutMs, undefined, { ref: false })
  const names = [...waiting].join(', ')
  throw new AppError('TIMEOUT', `not ready after ${startTimeoutMs / 1000} s: ${names}`)
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
  })
}

async function untilReady(url: string, signal: AbortSignal): Promise<void> {
  const deadline = Date.now() + readyTimeoutMs
  let answer = 'it does not answer'
  while (Date.now() < deadline) {
    signal.throwIfAborted()
    try {
      const response = await fetch(url, { signal })
      if (response.ok) return
      answer = `${response.status} ${await response.text()}`
    } catch {
      // Not listening yet, or restarting: the deadline decides.
    }
    await delay(pollIntervalMs)
  }
  throw new AppError('TIMEOUT', `the gateway does not become ready: ${answer}`)
}
