import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { commandLine, hasEnded, isAlive } from '../process-info.js'

/** Which process is which service, now: for the start after a kill -9, and for whoever looks. */
export interface RunFile {
  /** Pids by service name. */
  readonly services: Readonly<Record<string, number>>
}

/** Keeps the file up to date through the children's restarts. */
export function recordChildren(path: string): (name: string, pid: number) => void {
  const services: Record<string, number> = {}
  return (name, pid) => {
    services[name] = pid
    const run: RunFile = { services }
    writeFileSync(`${path}.new`, JSON.stringify(run))
    renameSync(`${path}.new`, path)
  }
}

const politeMs = 6_000
const killMs = 2_000

/**
 * Children end by themselves when their supervisor vanishes, but that takes them a moment, and
 * one that hangs never does. Resolves to how many there were, when none is left. Pids are reused:
 * only a process that runs the service's own script is one of them.
 */
export async function endOrphans(
  path: string,
  scriptOf: (service: string) => string,
): Promise<number> {
  const orphans = Object.entries(readServices(path)).filter(
    ([name, pid]) => isAlive(pid) && commandLine(pid).includes(scriptOf(name)),
  )
  await Promise.all(
    orphans.map(async ([, pid]) => {
      signal(pid, 'SIGTERM')
      if (await hasEnded(pid, politeMs)) return
      signal(pid, 'SIGKILL')
      await hasEnded(pid, killMs)
    }),
  )
  return orphans.length
}

function readServices(path: string): RunFile['services'] {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as RunFile).services
  } catch {
    return {}
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile, which is what was wanted.
  }
}
