/**
 * Groups appends to the same stream that are asked for at the same time: while one append of a
 * stream is under way, what comes meanwhile waits and goes out together. An import of thousands of
 * people is thousands of events of one timeline, and each append of a stream must wait for the one
 * before it anyway.
 * Invariants: at most one append per stream is under way here; events of a stream go out in the
 * order they came; everybody hears the outcome of the own event. When a group is refused, each
 * event is tried alone, so that one that cannot be kept does not hold up the others.
 */
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { NewStreamEvent } from '../domain/stream-event.js'

export type Append = (
  tenant: TenantId,
  streamId: string,
  events: readonly NewStreamEvent[],
) => Promise<unknown>

export interface GroupedAppender {
  /** Resolves when the event is in the stream; rejects with what its append was refused for. */
  append(tenant: TenantId, streamId: string, event: NewStreamEvent): Promise<void>
}

interface Waiting {
  readonly event: NewStreamEvent
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const maxGroup = 100

export function createGroupedAppender(append: Append): GroupedAppender {
  const queues = new Map<string, Waiting[]>()

  async function drain(key: string, tenant: TenantId, streamId: string): Promise<void> {
    for (;;) {
      const group = queues.get(key)?.splice(0, maxGroup) ?? []
      if (group.length === 0) break
      await appendGroup(tenant, streamId, group)
    }
    queues.delete(key)
  }

  async function appendGroup(
    tenant: TenantId,
    streamId: string,
    group: readonly Waiting[],
  ): Promise<void> {
    try {
      await append(
        tenant,
        streamId,
        group.map(({ event }) => event),
      )
      for (const { resolve } of group) resolve()
    } catch (error) {
      if (group.length === 1 || isRetryable(error)) {
        for (const { reject } of group) reject(error)
      } else {
        for (const one of group) await appendGroup(tenant, streamId, [one])
      }
    }
  }

  return {
    append: (tenant, streamId, event) =>
      new Promise((resolve, reject) => {
        const key = `${tenant} ${streamId}`
        const queue = queues.get(key)
        const waiting = { event, resolve, reject }
        if (queue !== undefined) {
          queue.push(waiting)
          return
        }
        queues.set(key, [waiting])
        void drain(key, tenant, streamId)
      }),
  }
}

function isRetryable(error: unknown): boolean {
  return error instanceof AppError && error.retryable
}
