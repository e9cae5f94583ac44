/**
 * Groups appends to the same stream that are asked for at the same time: while one append of a
 * stream is under way, what comes meanwhile waits and goes out together. An import of thousands of
 * people is thousands of events of one timeline, and each append of a stream must wait for the one
 * before it anyway.
 * Invariants: at most one append per stream is under way here; events of a stream go out in the
 * order they came; events that came together go out together, all or none; everybody hears the
 * outcome of the own events. When a group is refused, each append is tried alone, so that one that
 * cannot be kept does not hold up the others.
 */
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { NewStreamEvent, StreamEvent } from '../domain/stream-event.js'

export interface GroupedAppends {
  /** All or none, in the order given; resolves to one event for each that was given. */
  append(
    tenant: TenantId,
    streamId: string,
    events: readonly NewStreamEvent[],
  ): Promise<readonly StreamEvent[]>
  /** How many events one append takes. */
  maxEvents(tenant: TenantId): number
}

export type GroupedAppender = Pick<GroupedAppends, 'append'>

interface Waiting {
  readonly events: readonly NewStreamEvent[]
  readonly resolve: (stored: readonly StreamEvent[]) => void
  readonly reject: (error: unknown) => void
}

const maxGroupEvents = 100

export function createGroupedAppender(appends: GroupedAppends): GroupedAppender {
  const queues = new Map<string, Waiting[]>()

  async function drain(key: string, tenant: TenantId, streamId: string): Promise<void> {
    for (;;) {
      const queue = queues.get(key) ?? []
      if (queue.length === 0) break
      await appendGroup(tenant, streamId, takeGroup(queue, groupLimit(tenant)))
    }
    queues.delete(key)
  }

  /** Without a route there is nothing to ask: the append itself says so. */
  function groupLimit(tenant: TenantId): number {
    try {
      return Math.min(maxGroupEvents, appends.maxEvents(tenant))
    } catch {
      return 1
    }
  }

  async function appendGroup(
    tenant: TenantId,
    streamId: string,
    group: readonly Waiting[],
  ): Promise<void> {
    try {
      const stored = await appends.append(
        tenant,
        streamId,
        group.flatMap(({ events }) => events),
      )
      let from = 0
      for (const { events, resolve } of group) {
        resolve(stored.slice(from, from + events.length))
        from += events.length
      }
    } catch (error) {
      if (group.length === 1 || isRetryable(error)) {
        for (const { reject } of group) reject(error)
      } else {
        for (const one of group) await appendGroup(tenant, streamId, [one])
      }
    }
  }

  return {
    append: (tenant, streamId, events) =>
      new Promise((resolve, reject) => {
        const key = JSON.stringify([tenant, streamId])
        const queue = queues.get(key)
        const waiting = { events, resolve, reject }
        if (queue !== undefined) {
          queue.push(waiting)
          return
        }
        queues.set(key, [waiting])
        void drain(key, tenant, streamId)
      }),
  }
}

/** The first ones, as many as fit; one that does not fit goes alone, and is judged where it goes. */
function takeGroup(queue: Waiting[], limit: number): readonly Waiting[] {
  let events = 0
  let count = 0
  for (const one of queue) {
    events += one.events.length
    if (count > 0 && events > limit) break
    count += 1
  }
  return queue.splice(0, count)
}

function isRetryable(error: unknown): boolean {
  return error instanceof AppError && error.retryable
}
