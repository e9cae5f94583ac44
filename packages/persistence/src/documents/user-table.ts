import type { User } from '../ports/user-store.js'
import type { Decide } from './document-table.js'
import type { Scope } from './ids.js'

/** What a backend implements for users, once; checks, ids and strategies are written above it. */
export interface UserTable {
  read(scope: Scope, id: string): Promise<User | null>
  /** By username, which the backend keeps unique in the scope by an index of its own. */
  readByUsername(scope: Scope, username: string): Promise<User | null>
  /** Reads, decides and writes as one atomic step, as `DocumentTable.change` does. */
  change(scope: Scope, id: string, decide: Decide<User>): Promise<User>
  /** In the order of the usernames' bytes. */
  list(scope: Scope, afterUsername: string, limit: number): Promise<readonly User[]>
  ensureIndexes(): Promise<void>
  close(): Promise<void>
}
