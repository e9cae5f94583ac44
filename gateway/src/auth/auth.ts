import { AppError } from '@heirloom/errors'
import type { Database } from '@heirloom/postgres'
import type { Logger } from '@heirloom/telemetry'
import { createIds } from '@heirloom/tenancy'
import type { GatewayConfig } from '../config.js'
import { createAccessTokenVerifier } from './access-token.js'
import { createAccounts, type Accounts } from './accounts.js'
import { createAuthenticate, type Authenticate } from './authenticate.js'
import { createCsrf, type Csrf } from './csrf.js'
import type { GatewaySchema } from './gateway-schema.js'
import { createLogoutTokenVerifier, type VerifyLogoutToken } from './logout-token.js'
import { createProviders, type Providers } from './providers.js'
import { createKeyring } from './sealed.js'
import { sessionLimits, type SessionLimits } from './session-limits.js'
import { createSessionStore } from './session-store.js'
import { createSessions, type Sessions } from './sessions.js'
import { listenForSignals, type Signals } from './signals.js'
import { createSignIns, type SignIns } from './sign-ins.js'

export interface Auth {
  readonly providers: Providers
  readonly accounts: Accounts
  readonly sessions: Sessions
  readonly signIns: SignIns
  readonly csrf: Csrf
  readonly authenticate: Authenticate
  readonly verifyLogoutToken: VerifyLogoutToken
  /** Listening from now on; to be stopped by the caller. */
  readonly signals: Signals
}

export interface AuthDeps {
  readonly config: GatewayConfig
  readonly database: Database<GatewaySchema>
  readonly logger: Logger
  readonly limits?: SessionLimits | undefined
  readonly now: () => number
}

/** Who may ask: the providers, whom they vouch for, and the sessions of browsers. */
export function createAuth({ config, database, logger, limits, now }: AuthDeps): Auth {
  const [firstProvider, ...others] = config.providers
  if (firstProvider === undefined) throw new AppError('INVALID_INPUT', 'there is no provider')
  const providers = createProviders([firstProvider, ...others], now)
  const accounts = createAccounts(database, createIds(now), now)
  const verify = createAccessTokenVerifier(providers, accounts, now)
  const keyring = createKeyring(config.sessionKeys)
  const signals = listenForSignals(config.databaseUrl)
  signals.onIdentityChange(() => accounts.forget())
  const sessions = createSessions({
    store: createSessionStore(database, keyring),
    providers,
    verify,
    logger,
    limits: limits ?? config.sessionLimits ?? sessionLimits,
    now,
  })
  return {
    providers,
    accounts,
    sessions,
    signIns: createSignIns(database, keyring, now),
    csrf: createCsrf({
      publicUrl: config.publicUrl,
      corsOrigins: config.corsOrigins ?? [],
      keys: config.sessionKeys,
    }),
    authenticate: createAuthenticate(verify, sessions),
    verifyLogoutToken: createLogoutTokenVerifier(providers, now),
    signals,
  }
}
