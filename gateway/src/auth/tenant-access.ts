import { AppError } from '@heirloom/errors'
import { rightsKey } from '@heirloom/authz/rights-key'
import type { Access, AskAs, SocketOpening } from '../access.js'
import type { CreateCaller } from '../federation/caller.js'
import type { SourceOf, WithSource } from '../http/request-source.js'
import { createSocketWatch, type Watched } from '../subscriptions/socket-watch.js'
import {
  usesCookie,
  type Authenticate,
  type Authenticated,
  type Credentials,
} from './authenticate.js'
import { csrfHeader, type Csrf } from './csrf.js'
import { contextOf, type ActorAccess, type Identity } from './identity.js'
import type { MemberAccess } from './member-access.js'
import type { Signals } from './signals.js'

export interface TenantAccessDeps {
  readonly csrf: Csrf
  readonly signals: Pick<Signals, 'onSessionChange'>
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
  const { csrf, authenticate, createCaller, members, sourceOf } = deps
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
      csrf.assertOwnOrigin(request.headers)
      csrf.assertToken(credentials.sessionSecret, request.headers[csrfHeader])
    }
    return authenticate(credentials)
  }

  return {
    admitRequest: async (request) => admit(await authenticatedBy(request), request),
    admitRead: async (request) => admit(await authenticate(credentialsOf(request)), request),
    // With a session's cookie only from a page of ours.
    assertMayUpgrade: (request) => {
      if (usesCookie(credentialsOf(request))) csrf.assertOwnOrigin(request.headers)
    },
    admitSocket: async ({ watched, request, params }) => {
      const credentials = withParams(credentialsOf(request), params)
      // A browser sets no headers on a socket: the page shows its token in the first message.
      if (usesCookie(credentials)) csrf.assertToken(credentials.sessionSecret, params?.[csrfHeader])
      return admitOpen(watched, credentials, await authenticate(credentials), request)
    },
    admitStream: async ({ watched, request }) => {
      const credentials = credentialsOf(request)
      const byPage = request.method === 'GET'
      if (byPage && usesCookie(credentials)) csrf.assertNotOtherSite(request.headers)
      const authenticated = byPage
        ? await authenticate(credentials)
        : await authenticatedBy(request)
      return admitOpen(watched, credentials, authenticated, request)
    },
  }
}

/** A token in the payload of `connection_init` says who asks, whatever the upgrade carried. */
function withParams(sent: Credentials, params: SocketOpening['params']): Credentials {
  const authorization = params?.['authorization'] ?? params?.['Authorization']
  return typeof authorization === 'string' ? { ...sent, authorization } : sent
}
