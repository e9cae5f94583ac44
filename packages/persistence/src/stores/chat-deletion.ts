/**
 * Phases of the removal of a thread, each safe to repeat: mark the head, so that nobody reads or
 * appends any more; remove messages, indexes and snapshots; remove the claim; remove the head.
 * Invariant: as long as anything is left, the marked head is left too.
 */
import type { Mode } from '@heirloom/tenancy'
import type { RecordTable } from '../ports/record-table.js'
import { readHead, writeHead } from './chat-records.js'
import { tryTransact, untilWritten, type StoreOptions } from './contention.js'
import { eachPage } from './record-page.js'

export interface ThreadKeys {
  readonly pk: string
  readonly headSk: string
  readonly threadsPk: string
  readonly claimSk: string
}

export function createChatDeletion(
  table: RecordTable,
  mode: Mode,
  options: StoreOptions,
): { run(keys: ThreadKeys): Promise<void> } {
  /** Whether there is a thread to delete. */
  async function mark({ pk, headSk, threadsPk, claimSk }: ThreadKeys): Promise<boolean> {
    return untilWritten('this thread', options.random, async () => {
      const record = await table.get(pk, headSk)
      if (record === null) {
        // A claim without a head: a start that was interrupted.
        const claim = await table.get(threadsPk, claimSk)
        if (claim === null || claim.value['mode'] !== mode) return false
        const head = { timeMs: 0, deleting: true, expiresAt: null }
        const value = writeHead(head, mode)
        const put = { op: 'put', sk: headSk, value, expect: 'absent' } as const
        return (await tryTransact(table, pk, [put])) ? true : null
      }
      const head = readHead(record.value, mode)
      if (head === null) return false
      if (head.deleting) return true
      // It must not expire before everything else is gone.
      const value = writeHead({ ...head, deleting: true }, mode)
      const expect = { version: record.version }
      return (await tryTransact(table, pk, [{ op: 'put', sk: headSk, value, expect }]))
        ? true
        : null
    })
  }

  async function removeAll(pk: string, keep: string): Promise<void> {
    for await (const records of eachPage(table, pk)) {
      const writes = records
        .filter((record) => record.sk !== keep)
        .map(({ sk }) => ({ op: 'delete', sk }) as const)
      const { maxTransactItems } = table.capabilities
      for (let first = 0; first < writes.length; first += maxTransactItems) {
        await table.transact(pk, writes.slice(first, first + maxTransactItems))
      }
    }
  }

  return {
    run: async (keys) => {
      if (!(await mark(keys))) return
      await removeAll(keys.pk, keys.headSk)
      await table.delete(keys.threadsPk, keys.claimSk)
      await table.delete(keys.pk, keys.headSk)
    },
  }
}
