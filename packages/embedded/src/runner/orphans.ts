import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { commandLine, hasEnded, isAlive } from '../process-info.js'

interface Recorded {
  readonly pid: number
  readonly script: string
}

/** Remembers the running children, so that the start after a kill -9 can wait for their end. */
export function recordChildren(path: string): (name: string, pid: number, script: string) => void {
  const children = new Map<string, Recorded>()
  return (name, pid, script) => {
    children.set(name, { pid, script })
    writeFileSync(`${path}.new`, JSON.stringify(Object.fromEntries(children)))
    renameSync(`${path}.new`, path)
  }
}

const politeMs = 6_000
const killMs = 2_000

/**
 * Children end by themselves when their supervisor vanishes, but that takes them a moment, and
 * one that hangs never does. Resolves to how many there were, when none is left.
 */
export async function endOrphans(path: string): Promise<number> {
  const orphans = readRecorded(path).filter(
    ({ pid, script }) => isAlive(pid) && commandLine(pid).includes(script),
  )
  await Promise.all(
    orphans.map(async ({ pid }) => {
      signal(pid, 'SIGTERM')
      if (await hasEnded(pid, politeMs)) return
      signal(pid, 'SIGKILL')
      await hasEnded(pid, killMs)
    }),
  )
  return orphans.length
}

function readRecorded(path: string): readonly Recorded[] {
  try {
    return Object.values(JSON.parse(readFileSync(path, 'utf8')) as Record<string, Recorded>)
  } catch {
    return []
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended meanwhile, which is what was wanted.
  }
}
