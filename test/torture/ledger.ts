import type { StoredEvent } from '@heirloom/persistence'
import type { Damage } from './chaos.js'
import type { Subscriber } from './subscribers.js'
import type { Written } from './writers.js'

/** What one subscriber was handed, held against the log. */
export interface Account {
  readonly name: string
  readonly way: string
  readonly streamId: string
  readonly expected: number
  readonly seen: number
  readonly lost: number
  readonly doubled: number
  readonly outOfOrder: number
  /** Handed out, but not in the log after the cursor that it began at. */
  readonly unknown: number
  /** Events whose fields could not all be had. */
  readonly partial: number
  /** Sent again by the server and dropped by the client, where the client tells. */
  readonly repeated: number
  readonly interruptions: number
  readonly rebirths: number
  readonly failure: string | null
}

export interface Ledger {
  readonly seed: number
  readonly minutes: number
  readonly damage: Damage
  readonly appended: number
  readonly appendRetries: number
  /** Acknowledged, and not in the log exactly once. */
  readonly unkept: number
  readonly delivered: number
  readonly accounts: readonly Account[]
  readonly clean: boolean
}

export function accountOf(subscriber: Subscriber, expected: readonly string[]): Account {
  const placeOf = new Map(expected.map((id, place) => [id, place]))
  const counted = new Set<string>()
  let doubled = 0
  let outOfOrder = 0
  let unknown = 0
  let last = -1
  for (const id of subscriber.seen) {
    const place = placeOf.get(id)
    if (place === undefined) unknown += 1
    else if (counted.has(id)) doubled += 1
    else if (place < last) outOfOrder += 1
    counted.add(id)
    last = Math.max(last, place ?? -1)
  }
  return {
    name: subscriber.name,
    way: subscriber.way,
    streamId: subscriber.streamId,
    expected: expected.length,
    seen: subscriber.seen.length,
    lost: expected.filter((id) => !counted.has(id)).length,
    doubled,
    outOfOrder,
    unknown,
    partial: subscriber.partial,
    repeated: subscriber.repeated,
    interruptions: subscriber.interruptions,
    rebirths: subscriber.rebirths,
    failure: subscriber.failure,
  }
}

/** What was acknowledged to the writers and is not in the log exactly once. */
export function unkept(
  written: readonly Written[],
  logs: ReadonlyMap<string, readonly StoredEvent[]>,
): readonly string[] {
  return written.flatMap(({ streamId, ids }) => {
    const times = new Map<string, number>()
    for (const event of logs.get(streamId) ?? []) {
      const marker = markerOf(event)
      times.set(marker, (times.get(marker) ?? 0) + 1)
    }
    return ids.filter((id) => times.get(id) !== 1)
  })
}

/** A story is known by its title: the id of its event is not the writer's to choose. */
function markerOf({ id, data }: StoredEvent): string {
  const title = typeof data === 'object' && data !== null && 'title' in data ? data['title'] : null
  return typeof title === 'string' ? title : id
}

export function isClean(accounts: readonly Account[]): boolean {
  return accounts.every(
    ({ lost, doubled, outOfOrder, unknown, partial, repeated, failure }) =>
      lost + doubled + outOfOrder + unknown + partial + repeated === 0 && failure === null,
  )
}

export function printLedger(ledger: Ledger): string {
  const { damage, accounts } = ledger
  const head = [
    'subscriber',
    'stream',
    'seen',
    'lost',
    'doubled',
    'order',
    'unknown',
    'partial',
    'repeated',
    'cut',
    'reborn',
  ]
  const rows = accounts.map((account) => [
    account.name,
    account.streamId.slice(0, 18),
    account.seen,
    account.lost,
    account.doubled,
    account.outOfOrder,
    account.unknown,
    account.partial,
    account.repeated,
    account.interruptions,
    account.rebirths,
    account.failure ?? '',
  ])
  const line = (cells: readonly unknown[]): string =>
    cells
      .map((cell, index) => String(cell)[index < 2 ? 'padEnd' : 'padStart'](index < 2 ? 19 : 8))
      .join(' ')
      .trimEnd()
  return [
    `seed ${ledger.seed}, ${ledger.minutes} minutes`,
    `killed: gateway ${damage.kills.gateway}, storage ${damage.kills.storage}; deployed ${damage.deploys} times, frozen ${damage.freezes}, parted from the database ${damage.disconnects}; connections cut ${damage.cuts}, stalled ${damage.stalls} times; supergraphs ${damage.reloads}; new clients on a stored cursor ${damage.rebirths}`,
    `appended ${ledger.appended} (repeated ${ledger.appendRetries} times), acknowledged but not kept once: ${ledger.unkept}; delivered ${ledger.delivered}`,
    line(head),
    ...rows.map(line),
    ledger.clean ? 'every subscriber saw every event once and in order' : 'NOT CLEAN',
  ].join('\n')
}
