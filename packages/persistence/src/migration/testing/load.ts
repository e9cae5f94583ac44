/**
 * A constant load, each write told before it is begun and after it was answered, so that whoever
 * listens knows what must be there in the end, even when the writer is killed in between.
 */
import { AppError, hasCode } from '@heirloom/errors'
import { tenantId, type Mode } from '@heirloom/tenancy'
import type { RecordTable, Write } from '../../ports/record-table.js'
import { createEventStreamStore } from '../../stores/event-stream.js'
import type { Mover } from './mover.js'
import { createRandom, type Random } from './random.js'

export interface LoadOptions {
  readonly writer: number
  readonly seed: number
  readonly tenant: string
  readonly mode: Mode
  /** Keys that this writer alone writes. */
  readonly keys: number
  /** Event streams are for a whole tenant, and so not for the lab. */
  readonly hasStream: boolean
  /** How far the clock of this process is off. */
  readonly skewMs: number
  /** Between two writes. */
  readonly pauseMs: number
}

/** The `n` of a record, or null for none. */
export type State = number | null
export type Begun =
  | {
      readonly is: 'begun'
      readonly op: number
      readonly keys: readonly string[]
      readonly to: State
    }
  | { readonly is: 'counting' | 'appending'; readonly op: number; readonly id: string }
export interface Answered {
  readonly is: 'done' | 'refused' | 'unknown'
  readonly op: number
  readonly code: string
}
export type Told = Begun | Answered

export const partitions = 5
export const counterKey = 'counter'
export const streamId = 'told'

export function partitionOf(key: string): string {
  return `table#t${Number(key.replace(/\D+/g, '')) % partitions}`
}

/** Writes until the signal is aborted. Resolves when the last write was answered. */
export async function load(
  mover: Mover,
  options: LoadOptions,
  tell: (told: Told) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const random = createRandom(options.seed)
  const tenant = tenantId(options.tenant)
  const { mode } = options
  const table = mover.records.open({ resourceKind: 'tabular_store', tenantId: tenant, mode })
  const streams = options.hasStream
    ? createEventStreamStore(mover.records.open({ resourceKind: 'event_stream', tenantId: tenant }))
    : null
  const started = Date.now()
  for (let op = 0; !signal.aborted; op += 1) {
    const n = started * 100 + op
    const step = random()
    if (step < 0.2 && streams !== null) {
      const id = `w${options.writer}-${n}`
      await told(tell, { is: 'appending', op, id }, async () => {
        const event = { id, type: 'Told', occurredAt: new Date(), actorId: null, data: null }
        await streams.append(streamId, [event])
      })
    } else if (step < 0.35) {
      await told(tell, { is: 'counting', op, id: counterKey }, () => count(table))
    } else await writeOwn(table, options, random, tell, op, n)
    if (options.pauseMs > 0) {
      await new Promise((resolve) => setTimeout(resolve, options.pauseMs))
    }
  }
}

async function writeOwn(
  table: RecordTable,
  { writer, keys, skewMs }: LoadOptions,
  random: Random,
  tell: (told: Told) => Promise<void>,
  op: number,
  n: number,
): Promise<void> {
  const number = random.below(keys)
  const key = `w${writer}k${number}`
  const pk = partitionOf(`${number}`)
  const kind = random.pick(['put', 'put', 'delete', 'pair', 'conditional', 'expiring'])
  const all = kind === 'pair' ? [key, `w${writer}k${number + partitions * 100}`] : [key]
  const to = kind === 'delete' || kind === 'expiring' ? null : n
  await told(tell, { is: 'begun', op, keys: all.map((one) => `${pk}/${one}`), to }, async () => {
    if (kind === 'delete') return table.delete(pk, key)
    if (kind === 'conditional') {
      const found = await table.get(pk, key)
      const expect = found === null ? 'absent' : { version: found.version }
      await table.put(pk, key, { n }, { expect })
    } else if (kind === 'expiring') {
      await table.put(pk, key, { n }, { expiresAt: new Date(Date.now() - skewMs + 1_000) })
    } else {
      const writes = all.map((sk): Write => ({ op: 'put', sk, value: { n } }))
      await table.transact(pk, writes)
    }
  })
}

/** One more, however many do the same: lost when a version is taken for another one. */
async function count(table: RecordTable): Promise<void> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const found = await table.get('table#counters', counterKey)
    const expect = found === null ? 'absent' : { version: found.version }
    const n = Number(found?.value['n'] ?? 0) + 1
    try {
      await table.put('table#counters', counterKey, { n }, { expect })
      return
    } catch (error) {
      if (!hasCode(error, 'CONFLICT')) throw error
    }
  }
  throw new AppError('CONFLICT', 'too many count at once')
}

async function told(
  tell: (told: Told) => Promise<void>,
  begun: Begun,
  work: () => Promise<void>,
): Promise<void> {
  const { op } = begun
  await tell(begun)
  try {
    await work()
    await tell({ is: 'done', op, code: '' })
  } catch (error) {
    const code = error instanceof AppError ? error.code : String(error)
    // A conflict in the middle of an answer that was lost is none that we would be told of.
    await tell({ is: code === 'CONFLICT' ? 'refused' : 'unknown', op, code })
  }
}
