import { AppError } from '@heirloom/errors'
import { isOutage } from '../subscriptions/socket-watch.js'
import type { AccessSource } from './access-source.js'
import type { ActorAccess, Identity } from './identity.js'

// Who may do what is remembered, and asked for again when it changed. Each tenant has a version
// that every change of anybody's access in it raises: while it is the one that somebody's access
// was read at, that access holds. So whoever is busy costs one small question per tenant and
// second, however many members ask. Invariants:
// 1. Access is handed out only when, within the last `freshForMs`, the tenant's version was heard
//    to be the one it was read at; during an outage within `graceMs`, since nobody can change
//    access while those who keep it are away.
// 2. A version counts as of the moment before it was asked for.

export interface MemberAccess {
  /**
   * What somebody may do; undefined for services and plugins, which act with what their token says.
   * @throws AppError SUBGRAPH_UNAVAILABLE when nobody can tell
   */
  of(identity: Identity): Promise<ActorAccess | undefined>
  /**
   * Calls `onChange` once, when what somebody may do is no longer `access`. Within two seconds, as
   * long as those who keep it answer at once. Returns how to stop.
   */
  watch(identity: Identity, access: ActorAccess | undefined, onChange: () => void): () => void
  close(): void
}

export interface MemberAccessOptions {
  readonly source: AccessSource
  readonly now: () => number
  readonly freshForMs?: number | undefined
  readonly graceMs?: number
  readonly maxActors?: number
}

interface KnownTenant {
  version: number
  confirmedAtMs: number
  confirming: Promise<void> | undefined
}

interface Watcher {
  readonly identity: Identity
  access: ActorAccess
  readonly onChange: () => void
}

const defaultFreshForMs = 1_000
const defaultGraceMs = 30_000
const defaultMaxActors = 20_000

export function createMemberAccess(options: MemberAccessOptions): MemberAccess {
  const { source, now, freshForMs = defaultFreshForMs, graceMs = defaultGraceMs } = options
  const maxActors = options.maxActors ?? defaultMaxActors
  const tenants = new Map<string, KnownTenant>()
  const actors = new Map<string, ActorAccess>()
  const loading = new Map<string, Promise<ActorAccess>>()
  const watchers = new Set<Watcher>()
  let timer: NodeJS.Timeout | undefined

  function heard(identity: Identity, version: number, atMs: number): void {
    const id = tenantOf(identity)
    const known = tenants.get(id)
    if (known === undefined) {
      tenants.set(id, { version, confirmedAtMs: atMs, confirming: undefined })
    } else if (version >= known.version) {
      known.version = version
      known.confirmedAtMs = Math.max(known.confirmedAtMs, atMs)
    }
  }

  function load(identity: Identity): Promise<ActorAccess> {
    const key = keyOf(identity)
    const running = loading.get(key)
    if (running !== undefined) return running
    const startedAtMs = now()
    const work = source
      .accessOf(identity)
      .then((access) => {
        actors.delete(key)
        if (actors.size >= maxActors) dropOldest(actors)
        actors.set(key, access)
        heard(identity, access.grants.version, startedAtMs)
        return access
      })
      .finally(() => loading.delete(key))
    loading.set(key, work)
    return work
  }

  async function confirm(identity: Identity, tenant: KnownTenant): Promise<void> {
    if (now() - tenant.confirmedAtMs < freshForMs) return
    const startedAtMs = now()
    tenant.confirming ??= source
      .versionFor(identity)
      .then((version) => heard(identity, version, startedAtMs))
      .finally(() => {
        tenant.confirming = undefined
      })
    await tenant.confirming
  }

  async function current(identity: Identity): Promise<ActorAccess> {
    const known = actors.get(keyOf(identity))
    const tenant = tenants.get(tenantOf(identity))
    if (known === undefined || tenant === undefined) return load(identity)
    try {
      await confirm(identity, tenant)
      return known.grants.version === tenant.version ? known : await load(identity)
    } catch (error) {
      const isInGrace = now() - tenant.confirmedAtMs < graceMs
      if (isAway(error) && isInGrace && known.grants.version === tenant.version) return known
      throw error
    }
  }

  async function look(watcher: Watcher): Promise<void> {
    const access = await current(watcher.identity)
    if (!watchers.has(watcher)) return
    if (isSame(access, watcher.access)) {
      watcher.access = access
      return
    }
    watchers.delete(watcher)
    watcher.onChange()
  }

  function schedule(): void {
    timer ??= setTimeout(() => {
      // Nobody can tell right now: what is open stays so, and is looked at again.
      void Promise.allSettled([...watchers].map(look)).then(() => {
        timer = undefined
        if (watchers.size > 0) schedule()
      })
    }, freshForMs).unref()
  }

  return {
    of: async (identity) => (isUser(identity) ? current(identity) : undefined),
    watch: (identity, access, onChange) => {
      if (access === undefined) return () => undefined
      const watcher = { identity, access, onChange }
      watchers.add(watcher)
      schedule()
      return () => void watchers.delete(watcher)
    },
    close: () => {
      watchers.clear()
      clearTimeout(timer)
    },
  }
}

function isSame(one: ActorAccess, other: ActorAccess): boolean {
  return (
    one === other || JSON.stringify(withoutVersion(one)) === JSON.stringify(withoutVersion(other))
  )
}

function withoutVersion({ roles, grants: { legacies, stories } }: ActorAccess): unknown {
  const sorted = (of: Readonly<Record<string, unknown>>) => Object.entries(of).toSorted(byKey)
  return [roles.toSorted(), sorted(legacies), sorted(stories)]
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1
}

/** What the provider says is part of it: when that changes, those who keep roles are told. */
function keyOf({ claims }: Identity): string {
  return JSON.stringify([claims.tenant_id, claims.sub, claims.roles])
}

function tenantOf({ claims }: Identity): string {
  return String(claims.tenant_id)
}

function isUser({ claims }: Identity): boolean {
  return String(claims.sub).startsWith('user:')
}

function isAway(error: unknown): boolean {
  return isOutage(error) || (error instanceof AppError && error.code === 'SUBGRAPH_UNAVAILABLE')
}

function dropOldest(entries: Map<string, unknown>): void {
  const oldest = entries.keys().next()
  if (oldest.done !== true) entries.delete(oldest.value)
}
