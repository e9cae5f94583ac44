import type { TenantId } from '@heirloom/tenancy'

/**
 * Tokens of one tenant that must not be honoured any more, in databases that are named by every
 * call and fail closed as those of documents do. An entry is kept until the token would expire
 * anyway; after that `isRevoked` says false, and whoever asks refuses the token by its age.
 *
 * All methods throw INVALID_INPUT, DATABASE_UNKNOWN, BACKEND_UNAVAILABLE, TIMEOUT. `isRevoked`
 * never answers without its backend: treat its failure as "revoked".
 */
export interface TokenRevocationStore {
  /**
   * From now on, less the grace that `isRevoked` is given: a refresh token that was just rotated
   * can be honoured for a moment, for two requests that crossed. Repeating it keeps the first
   * moment and the later expiry.
   */
  revokeToken(database: string, tokenId: string, expiresAt: Date): Promise<void>
  /** Without any grace: theft, logout. Overrides `revokeToken`, and never the other way round. */
  revokeTokenImmediate(database: string, tokenId: string, expiresAt: Date): Promise<void>
  isRevoked(
    database: string,
    tokenId: string,
    options?: { readonly graceMs?: number },
  ): Promise<boolean>
}

export interface TokenRevocations {
  for(tenant: TenantId): TokenRevocationStore
  /** Creates what is missing and verifies the rest. @throws AppError BACKEND_UNAVAILABLE */
  ensureIndexes(): Promise<void>
  close(): Promise<void>
}
