import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { TokenRevocations, TokenRevocationStore } from '../ports/token-revocation-store.js'
import type { Databases } from './databases.js'
import { databaseId } from './ids.js'
import type { RevocationTable } from './revocation-table.js'

export interface TokenRevocationsOptions {
  readonly databases: Databases<RevocationTable>
  readonly now: () => number
  readonly ensureIndexes: () => Promise<void>
  readonly close: () => Promise<void>
}

const maxTokenIdBytes = 1_024
const withoutGrace = 0

/** The one implementation of the port, over whatever tables the databases are bound to. */
export function createTokenRevocations(options: TokenRevocationsOptions): TokenRevocations {
  const { ensureIndexes, close } = options
  return { for: (tenant) => revocationStore(options, tenant), ensureIndexes, close }
}

function revocationStore(
  { databases, now }: TokenRevocationsOptions,
  tenant: TenantId,
): TokenRevocationStore {
  async function revoke(
    database: string,
    tokenId: string,
    expiresAt: Date,
    revokedAt: number,
  ): Promise<void> {
    const table = databases.resolve(tenant, database)
    const id = idOf(database, tokenId)
    const expires = expiresAt instanceof Date ? expiresAt.getTime() : Number.NaN
    if (!Number.isFinite(expires)) {
      throw new AppError('INVALID_INPUT', 'a revoked token has a time at which it expires')
    }
    // Expired already: whoever is shown it refuses it by its age.
    if (expires <= now()) return
    await table.add({ tenant, database }, id, { revokedAt, expiresAt: expires }, now())
  }

  return {
    revokeToken: (database, tokenId, expiresAt) => revoke(database, tokenId, expiresAt, now()),
    revokeTokenImmediate: (database, tokenId, expiresAt) =>
      revoke(database, tokenId, expiresAt, withoutGrace),
    isRevoked: async (database, tokenId, { graceMs = 0 } = {}) => {
      const table = databases.resolve(tenant, database)
      if (!Number.isFinite(graceMs) || graceMs < 0) {
        throw new AppError('INVALID_INPUT', 'the grace is a number of milliseconds, not below 0')
      }
      const found = await table.read({ tenant, database }, idOf(database, tokenId))
      if (found === null || found.expiresAt <= now()) return false
      return found.revokedAt === withoutGrace || now() >= found.revokedAt + graceMs
    },
  }
}

/** Hashed: a key has one length, and a dump of the store holds no token ids. */
function idOf(database: string, tokenId: string): string {
  const length = typeof tokenId === 'string' ? Buffer.byteLength(tokenId) : 0
  if (length === 0 || length > maxTokenIdBytes) {
    throw new AppError('INVALID_INPUT', `a token id has 1 to ${maxTokenIdBytes} bytes`)
  }
  return databaseId(database, tokenId)
}
