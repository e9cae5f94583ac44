import { AppError } from '@heirloom/errors'
import type { Database } from '@heirloom/postgres'
import { translated, type GatewaySchema } from './gateway-schema.js'
import type { SignInChecks } from './provider.js'
import type { Keyring } from './sealed.js'
import { hashSecret, isSecret, newSecret } from './secret.js'

/** What has to be remembered between leaving for the provider and coming back. */
export interface SignIn {
  /** Whose answer is awaited: nobody else's is taken (RFC 9700, section 4.4). */
  readonly providerId: string
  readonly checks: SignInChecks
  readonly returnTo: string
  /** There when who signs in is to be linked with the account of a session. */
  readonly link?: { readonly sessionId: string } | undefined
}

/** Sign-ins under way. Each can be taken once, within ten minutes, by the browser that began it. */
export interface SignIns {
  /** Resolves to the secret for the browser's cookie. */
  begin(signIn: SignIn): Promise<string>
  /** @throws AppError INVALID_INPUT when there is none, it was taken, or it is too old */
  take(secret: string | undefined): Promise<SignIn>
}

export const signInLifetimeMs = 600_000

export function createSignIns(
  database: Database<GatewaySchema>,
  keyring: Keyring,
  now: () => number = Date.now,
): SignIns {
  const db = database.unbound
  return {
    begin: (signIn) =>
      translated(async () => {
        const secret = newSecret()
        const hash = hashSecret(secret)
        const expiresAt = new Date(now() + signInLifetimeMs)
        await db
          .insertInto('sign_in')
          .values({ id_hash: hash, ...keyring.seal(signIn, hash), expires_at: expiresAt })
          .execute()
        return secret
      }),
    take: (secret) =>
      translated(async () => {
        if (!isSecret(secret)) throw unknownSignIn()
        const hash = hashSecret(secret)
        const row = await db
          .deleteFrom('sign_in')
          .where('id_hash', '=', hash)
          .returningAll()
          .executeTakeFirst()
        if (row === undefined || row.expires_at.getTime() <= now()) throw unknownSignIn()
        const signIn = keyring.open(row, hash)
        if (signIn === undefined) throw unknownSignIn()
        return signIn as SignIn
      }),
  }
}

function unknownSignIn(): AppError {
  return new AppError('INVALID_INPUT', 'this sign-in is over; start again at /auth/login')
}
