import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { availableParallelism } from 'node:os'

/** A server under measurement, as a process on a core of its own where the machine has two. */
export interface PinnedProcess {
  readonly child: ChildProcess
  /** Resident memory in bytes, as the kernel counts it. */
  residentBytes(): Promise<number>
  /** Milliseconds of processor time that it has used. */
  cpuMs(): Promise<number>
  stop(): Promise<void>
}

const serverCore = '0'
const loadCore = '1'
const [userField, systemField, tickMs] = [11, 12, 10]

const canPin = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0

/** Puts this process, which makes the load, on the other core; says whether that could be done. */
export function pinLoad(): boolean {
  return canPin && spawnSync('taskset', ['-cp', loadCore, String(process.pid)]).status === 0
}

/** Lets it run anywhere again. */
export function unpinLoad(): void {
  const all = `0-${availableParallelism() - 1}`
  if (canPin) spawnSync('taskset', ['-cp', all, String(process.pid)])
}

/** Resolves when the program says by IPC that it is ready. */
export async function startPinned(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<PinnedProcess> {
  const command = [process.execPath, file, ...args]
  const [program = '', ...rest] = canPin ? ['taskset', '-c', serverCore, ...command] : command
  const child = spawn(program, rest, {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...env },
  })
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
  })
  return {
    child,
    residentBytes: async () => {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8')
      return 1_024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1])
    },
    cpuMs: async () => {
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return tickMs * (Number(fields[userField]) + Number(fields[systemField]))
    },
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    },
  }
}
