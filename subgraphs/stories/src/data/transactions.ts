import type { Transaction } from 'kysely'
import type { StoriesDatabase } from './schema.js'

/** Runs reads in a transaction: one of their own, or the one of a change under way. */
export type InTransaction = <T>(
  work: (trx: Transaction<StoriesDatabase>) => Promise<T>,
) => Promise<T>

export type StoriesTransaction = Transaction<StoriesDatabase>
