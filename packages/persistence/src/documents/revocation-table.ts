import type { Scope } from './ids.js'

/** When tokens stop being honoured; `revokedAt` 0 leaves no grace. */
export interface Revocation {
  readonly revokedAt: number
  readonly expiresAt: number
}

/** What a backend implements for revocations, once. */
export interface RevocationTable {
  /**
   * Atomic: what was there keeps the earlier `revokedAt` and the later `expiresAt` of the two.
   * Entries whose time is over are removed by the backend, now or later.
   */
  add(scope: Scope, id: string, revocation: Revocation, now: number): Promise<void>
  /** Expired ones may still be there. */
  read(scope: Scope, id: string): Promise<Revocation | null>
  ensureIndexes(): Promise<void>
  close(): Promise<void>
}
