/**
 * Notes of canvases that may have something to tell, in the table of the routing registry: it is
 * there whatever the routes say, one place for all tenants, so that a worker finds the notes of
 * canvases that it has never heard of; and without it nobody could write for long anyway.
 *
 *   tenant  the registry's
 *   pk      canvas_feed#{shard}
 *   sk      a random id, which the shard follows from
 *   value   { tenant_id, mode, project_id, canvas_id, noted_at }: whose route it is, and which canvas
 */
import { randomUUID } from 'node:crypto'
import { joinKey, type JsonObject, type RecordTable } from '@heirloom/persistence'
import type { Mode, TenantContext, TenantId } from '@heirloom/tenancy'
import type { FeedNotes } from '../domain/stores/feed-notes.js'

export interface NotedCanvas {
  readonly id: string
  readonly tenantId: TenantId
  readonly mode: Mode
  /** Null: of a caller without a project. */
  readonly projectId: string | null
  readonly canvasId: string
  readonly notedAt: Date
}

export interface CanvasFeedNotes {
  for(tenant: TenantContext): FeedNotes
  /** Of all tenants; page by page, so that any number can be waiting. */
  all(): AsyncGenerator<NotedCanvas>
  forget(note: Pick<NotedCanvas, 'id'>): Promise<void>
}

/** So that appends do not all write to one partition. */
const shards = 8
const pageSize = 200

export function createCanvasFeedNotes(
  table: () => RecordTable,
  now: () => number,
): CanvasFeedNotes {
  const forget = ({ id }: { readonly id: string }): Promise<void> =>
    table().delete(partition(shardOf(id)), id)

  return {
    for: ({ tenantId, mode, projectId }) => ({
      note: async (canvasId) => {
        const id = randomUUID()
        await table().put(partition(shardOf(id)), id, {
          tenant_id: tenantId,
          mode,
          project_id: projectId ?? null,
          canvas_id: canvasId,
          noted_at: now(),
        })
        return { id }
      },
      forget,
    }),
    all: async function* () {
      for (let shard = 0; shard < shards; shard += 1) {
        let token: string | null = null
        do {
          const range = token === null ? {} : { token }
          const page = await table().query(partition(shard), { limit: pageSize, ...range })
          for (const { sk, value } of page.records) yield readNote(sk, value)
          token = page.next
        } while (token !== null)
      }
    },
    forget,
  }
}

function partition(shard: number): string {
  return joinKey('canvas_feed', String(shard))
}

function shardOf(id: string): number {
  return Number.parseInt(id.slice(0, 2), 16) % shards
}

/** The shape that `note` gave it: only this module writes these records. */
function readNote(id: string, value: JsonObject): NotedCanvas {
  const record = value as {
    tenant_id: TenantId
    mode: Mode
    project_id: string | null
    canvas_id: string
    noted_at: number
  }
  return {
    id,
    tenantId: record.tenant_id,
    mode: record.mode,
    projectId: record.project_id,
    canvasId: record.canvas_id,
    notedAt: new Date(record.noted_at),
  }
}
