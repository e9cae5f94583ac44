import { AppError } from '@heirloom/errors'
import { rightsKey } from '@heirloom/authz/rights-key'
import type { Access, AskAs, SocketOpening } from '../access.js'
import type { CreateCaller } from '../federation/caller.js'
import type { SourceOf, WithSource } from '../http/request-source.js'
import { createSocketWatch, type Watched } from '../subscriptions/socket-watch.js'
import {
  assertOwnOrigin,
  usesCookie,
  type Authenticate,
  type Authenticated,
  type Credentials,
} from './authenticate.js'
import { contextOf, type ActorAccess, type Identity } from './identity.js'
import type { MemberAccess } from './member-access.js'
import { assertCsrfToken } from './routes.js'
import type { Sessions } from './sessions.js'

export interface TenantAccessDeps {
  readonly publicUrl: URL
  readonly sessions: Sessions
  readonly authenticate: Authenticate
  /** The value of the session cookie in a Cookie header. */
  readonly sessionSecretIn: (cookieHeader: string) => string | undefined
  readonly createCaller: CreateCaller
  /** Who may do what; undefined where the identity provider alone says so. */
  readonly members?: MemberAccess | undefined
  readonly sourceOf: SourceOf
  /** How often an open socket's session is looked at again. */
  readonly socketCheckEveryMs?: number | undefined
  readonly now: () => number
}

export interface TenantAccess extends Access {
  /** For a read that no page of another site gets to see: a cookie is enough, whoever sends it. */
  readonly admitRead: (request: WithSource) => Promise<AskAs>
}

const defaultSocketCheckEveryMs = 10_000

/** Lets members of tenants in, by a Bearer token or by the cookie of a session. */
export function createTenantAccess(deps: TenantAccessDeps): TenantAccess {
  const { publicUrl, sessions, authenticate, createCaller, members, sourceOf } = deps
  const watch = createSocketWatch({
    ...deps,
    checkEveryMs: deps.socketCheckEveryMs ?? defaultSocketCheckEveryMs,
  })

  function credentialsOf({ headers }: WithSource): Credentials {
    return {
      authorization: headers.authorization,
      sessionSecret: deps.sessionSecretIn(headers.cookie ?? ''),
    }
  }

  function askAs(identity: Identity, held: ActorAccess | undefined, request: WithSource): AskAs {
    const source = sourceOf(request)
    return (ids) => {
      const tenant = contextOf(identity, ids, source, held)
      const { tenantId, actor } = tenant
      return {
        ...ids,
        rights: rightsKey(tenant),
        // A tenant id contains no space.
        who: { tenant: tenantId, user: `${tenantId} ${actor.kind}:${actor.id}` },
        createCaller: () => createCaller(tenant),
      }
    }
  }

  async function admit({ identity }: Authenticated, request: WithSource): Promise<AskAs> {
    return askAs(identity, await members?.of(identity), request)
  }

  /** For as long as it is open, and no longer than they may do what they may now. */
  async function admitOpen(
    watched: Watched,
    credentials: Credentials,
    authenticated: Authenticated,
    request: WithSource,
  ): Promise<AskAs> {
    const { identity } = authenticated
    const held = await members?.of(identity)
    watch(watched, credentials, authenticated)
    if (watched.isOpen) {
      const unwatch = members?.watch(identity, held, () =>
        watched.refuse(new AppError('FORBIDDEN', 'rights have changed; connect again')),
      )
      if (unwatch !== undefined) watched.onceClosed(unwatch)
    }
    return askAs(identity, held, request)
  }

  async function authenticatedBy(request: WithSource): Promise<Authenticated> {
    const credentials = credentialsOf(request)
    if (usesCookie(credentials)) {
      assertOwnOrigin(request.headers.origin, publicUrl)
      const { 'x-csrf-token': token } = request.headers
      const given = typeof token === 'string' ? token : undefined
      assertCsrfToken(sessions, credentials.sessionSecret, given)
    }
    return authenticate(credentials)
  }

  return {
    admitRequest: async (request) => admit(await authenticatedBy(request), request),
    admitRead: async (request) => admit(await authenticate(credentialsOf(request)), request),
    // With a session's cookie only from a page of ours.
    assertMayUpgrade: (request) => {
      if (usesCookie(credentialsOf(request))) assertOwnOrigin(request.headers.origin, publicUrl)
    },
    admitSocket: async ({ watched, request, params }) => {
      const credentials = withParams(credentialsOf(request), params)
      return admitOpen(watched, credentials, await authenticate(credentials), request)
    },
    admitStream: async ({ watched, request }) => {
      const credentials = credentialsOf(request)
      const byPage = request.method === 'GET'
      if (byPage && usesCookie(credentials)) assertNotOtherSite(request, publicUrl)
      const authenticated = byPage
        ? await authenticate(credentials)
        : await authenticatedBy(request)
      return admitOpen(watched, credentials, authenticated, request)
    },
  }
}

/**
 * A browser names no origin with a GET from the same one, and says the same otherwise
 * (https://www.w3.org/TR/fetch-metadata/#sec-fetch-site-header).
 * @throws AppError CSRF_REJECTED
 */
function assertNotOtherSite({ headers }: WithSource, publicUrl: URL): void {
  const { origin, 'sec-fetch-site': site = 'none' } = headers
  if (origin !== undefined) return assertOwnOrigin(origin, publicUrl)
  if (site === 'none' || site === 'same-origin') return
  throw new AppError('CSRF_REJECTED', 'this stream is opened by a page of another site')
}

/** A token in the payload of `connection_init` says who asks, whatever the upgrade carried. */
function withParams(sent: Credentials, params: SocketOpening['params']): Credentials {
  const authorization = params?.['authorization'] ?? params?.['Authorization']
  return typeof authorization === 'string' ? { ...sent, authorization } : sent
}
