/**
 * What may have to be copied from the primary to the shadow: noted on the primary's backend before a
 * write, forgotten after the shadow has it.
 *
 *   tenant  the route's, or the registry's for a route for any tenant
 *   pk      !migration#intents#{migration_id}#{shard}
 *   sk      a random id
 *   value   { tenant, pk, sks, is_written }: which records, and whether the primary has them
 *
 * A process that dies anywhere between note and forgetting leaves its intent behind, and whoever
 * tends the migration copies these records. An intent says nothing about their state: that is read
 * from the primary. So a note too many costs a copy too many, and nothing else. The other way, a
 * mark within the written partition itself, would be atomic with the write, but could be found only
 * by reading everything, while writers wait for the cut-over.
 */
import { randomUUID } from 'node:crypto'
import type { TenantId } from '@heirloom/tenancy'
import { joinKey } from '../keys.js'
import type { JsonObject, RecordTable, Write } from '../ports/record-table.js'

/** Partitions of stores never begin with this: the routed table refuses it. */
export const reservedPartitions = '!migration#'
export const intentShards = 16
const maxIntentBytes = 100_000
const maxForgottenTogether = 25

export interface Intent {
  readonly tenant: TenantId
  readonly pk: string
  readonly sks: readonly string[]
}

/** Where an intent is; good for `forget`. */
export interface NotedIntent extends Intent {
  readonly shard: number
  readonly ids: readonly string[]
  /** The write is done, and only the copy is missing: anybody may work it off at once. */
  readonly isWritten: boolean
}

export interface Intents {
  /** Durable when resolved. @throws what the primary's backend throws */
  note(intent: Intent): Promise<NotedIntent>
  /** Soon, and several together; one that is not forgotten does no harm. */
  forget(noted: NotedIntent): void
  /** Says that the primary has it and the shadow has not. When that fails, somebody finds it later. */
  leave(noted: NotedIntent): Promise<void>
  /** Up to `limit` of a shard, in no particular order. */
  list(shard: number, limit: number): Promise<readonly NotedIntent[]>
  /** At once. */
  remove(noted: readonly NotedIntent[]): Promise<void>
}

export function createIntents(
  table: RecordTable,
  migrationId: string,
  random: () => number = Math.random,
): Intents {
  const partition = (shard: number): string =>
    reservedPartitions + joinKey('intents', migrationId, String(shard))
  const forgotten = new Map<number, string[]>()

  async function removeIds(shard: number, ids: readonly string[]): Promise<void> {
    const most = Math.min(maxForgottenTogether, table.capabilities.maxTransactItems)
    for (let start = 0; start < ids.length; start += most) {
      const some = ids.slice(start, start + most).map((sk): Write => ({ op: 'delete', sk }))
      await table.transact(partition(shard), some)
    }
  }

  async function flush(shard: number): Promise<void> {
    const ids = forgotten.get(shard) ?? []
    forgotten.delete(shard)
    // What stays is copied once more by whoever tends the migration.
    await removeIds(shard, ids).catch(() => undefined)
  }

  return {
    note: async (intent) => {
      const shard = Math.floor(random() * intentShards)
      const writes = split(intent).map((value): Write => {
        return { op: 'put', sk: randomUUID(), value: { ...value, is_written: false } }
      })
      const most = table.capabilities.maxTransactItems
      for (let start = 0; start < writes.length; start += most) {
        await table.transact(partition(shard), writes.slice(start, start + most))
      }
      return { ...intent, shard, ids: writes.map(({ sk }) => sk), isWritten: false }
    },
    leave: async (noted) => {
      const values = split(noted)
      for (const [index, value] of values.entries()) {
        const sk = noted.ids[index] ?? randomUUID()
        await table.put(partition(noted.shard), sk, { ...value, is_written: true })
      }
    },
    forget: ({ shard, ids }) => {
      const waiting = forgotten.get(shard)
      if (waiting === undefined) {
        forgotten.set(shard, [...ids])
        setImmediate(() => void flush(shard))
      } else {
        waiting.push(...ids)
      }
    },
    list: async (shard, limit) => {
      const { records } = await table.query(partition(shard), { limit })
      return records.map(({ sk, value }) => ({
        ...(value as unknown as Intent),
        shard,
        ids: [sk],
        isWritten: value['is_written'] === true,
      }))
    },
    remove: async (noted) => {
      const byShard = new Map<number, string[]>()
      for (const { shard, ids } of noted) {
        byShard.set(shard, [...(byShard.get(shard) ?? []), ...ids])
      }
      for (const [shard, ids] of byShard) await removeIds(shard, ids)
    },
  }
}

/** Several records when the keys are too many for one. */
function split({ tenant, pk, sks }: Intent): readonly JsonObject[] {
  const parts: string[][] = []
  let room = 0
  for (const sk of sks) {
    const size = Buffer.byteLength(JSON.stringify(sk)) + 1
    if (size > room) {
      parts.push([])
      room = maxIntentBytes
    }
    parts.at(-1)?.push(sk)
    room -= size
  }
  return parts.map((part) => ({ tenant, pk, sks: part }))
}
