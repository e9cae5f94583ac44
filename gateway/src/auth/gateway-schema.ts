import { databaseError } from '@heirloom/postgres'
import type { Sealed } from './sealed.js'

export interface SessionTable extends Sealed {
  id_hash: Buffer
  created_at: Date
  last_seen_at: Date
  expires_at: Date
  user_id: string | null
  issuer: string | null
  subject: string | null
  provider_session: string | null
}

interface SignInTable extends Sealed {
  id_hash: Buffer
  expires_at: Date
}

interface AccountTable {
  user_id: string
  created_at: Date
}

interface AccountIdentityTable {
  id: string
  issuer: string
  subject: string
  user_id: string
  linked_at: Date
}

interface LogoutTokenTable {
  issuer: string
  jti: string
  expires_at: Date
}

/** The tables of gateway/migrations. */
export interface GatewaySchema {
  session: SessionTable
  sign_in: SignInTable
  account: AccountTable
  account_identity: AccountIdentityTable
  logout_token: LogoutTokenTable
}

/** Runs `work`; what the database reports is thrown as an AppError. */
export async function translated<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw databaseError(error)
  }
}
