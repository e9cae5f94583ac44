import { readFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import { kill, pid } from 'node:process'
import { hasErrorCode } from './errors.js'

export interface ProcessIdentity {
  readonly host: string
  readonly pid: number
  /** Of the machine and of the process; empty where the system does not tell (it is Linux that does). */
  readonly boot: string
  readonly started: string
}

let known: Promise<ProcessIdentity> | undefined

export function thisProcess(): Promise<ProcessIdentity> {
  known ??= (async () => ({
    host: hostname(),
    pid,
    boot: await bootId(),
    started: (await startOf(pid)) ?? '',
  }))()
  return known
}

/** Whether the process that wrote this surely runs no more. */
export async function isDead(identity: string): Promise<boolean> {
  const owner = parse(identity)
  const own = await thisProcess()
  // Not ours to judge: written by something else, or on another machine.
  if (owner === null || owner.host !== own.host) return false
  if (owner.boot !== own.boot) return true
  if (!exists(owner.pid)) return true
  const started = await startOf(owner.pid)
  return started !== null && owner.started !== '' && started !== owner.started
}

function exists(processId: number): boolean {
  try {
    kill(processId, 0)
    return true
  } catch (error) {
    // EPERM: it is there, but another user's.
    return !hasErrorCode(error, 'ESRCH')
  }
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '')).trim()
}

/** Field 22 of /proc/[pid]/stat (proc(5)); the name before it may contain spaces and brackets. */
async function startOf(processId: number): Promise<string | null> {
  const stat = await readFile(`/proc/${processId}/stat`, 'utf8').catch(() => null)
  if (stat === null) return null
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

function parse(identity: string): ProcessIdentity | null {
  try {
    const value: unknown = JSON.parse(identity)
    if (typeof value !== 'object' || value === null) return null
    const { host, pid: id, boot, started } = value as Partial<Record<string, unknown>>
    if (typeof host !== 'string' || typeof id !== 'number') return null
    if (typeof boot !== 'string' || typeof started !== 'string') return null
    return { host, pid: id, boot, started }
  } catch {
    return null
  }
}
