import { createHmac } from 'node:crypto'
import type { Database } from '@heirloom/postgres'
import type { Logger } from '@heirloom/telemetry'
import type { GatewayConfig } from '../config.js'
import { createAccessTokenVerifier } from './access-token.js'
import { createAuthenticate, type Authenticate } from './authenticate.js'
import { createOidcProvider, type OidcProvider } from './provider.js'
import { createKeyring } from './sealed.js'
import { createSessionStore, type GatewaySchema } from './session-store.js'
import { createSessions, sessionLimits, type SessionLimits, type Sessions } from './sessions.js'
import { createSignIns, type SignIns } from './sign-ins.js'

export interface Auth {
  readonly provider: OidcProvider
  readonly sessions: Sessions
  readonly signIns: SignIns
  readonly authenticate: Authenticate
}

export interface AuthDeps {
  readonly config: GatewayConfig
  readonly database: Database<GatewaySchema>
  readonly logger: Logger
  readonly limits?: SessionLimits | undefined
  readonly now: () => number
}

/** Who may ask: the provider, what it vouches for, and the sessions of browsers. */
export function createAuth({ config, database, logger, limits, now }: AuthDeps): Auth {
  const provider = createOidcProvider(config.oidc, now)
  const verify = createAccessTokenVerifier(provider, config.oidc.audience, now)
  const keyring = createKeyring(config.sessionKeys)
  const sessions = createSessions({
    store: createSessionStore(database, keyring),
    provider,
    verify,
    csrfKey: csrfKey(config),
    logger,
    limits: limits ?? sessionLimits,
    now,
  })
  return {
    provider,
    sessions,
    signIns: createSignIns(database, keyring, now),
    authenticate: createAuthenticate(verify, sessions),
  }
}

/** A key of its own for CSRF tokens, so that no two purposes share one. */
function csrfKey({ sessionKeys: [current] }: GatewayConfig): Buffer {
  return createHmac('sha256', current?.key ?? Buffer.alloc(0))
    .update('heirloom csrf')
    .digest()
}
