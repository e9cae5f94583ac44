import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type Provider from 'oidc-provider'
import { demoTenants } from './demo-tenants.js'
import { openDurableMap } from './durable-map.js'
import { listen } from './listen.js'
import { signIn } from './oidc/accounts.js'
import { createAdapter, type StoredPayload } from './oidc/adapter.js'
import { apiResource, providerConfiguration, type RedirectUris } from './oidc/configuration.js'
import { cliClientId, createOidcSecrets, gatewayClientId } from './oidc/keys.js'
import { loadProvider } from './oidc/load-provider.js'
import { messagePage, signInPage } from './oidc/pages.js'
import { keptSecret } from './secrets.js'

export interface StartOidcOptions extends RedirectUris {
  /** 0 (the default) takes a free one. */
  readonly port?: number
  /** Keys, client secrets and sessions live here (0600); the next start goes on with them. */
  readonly dataDir: string
}

export interface ClientCredentials {
  readonly clientId: string
  readonly clientSecret: string
}

export interface EmbeddedOidcProvider {
  readonly issuer: string
  readonly tokenUrl: string
  readonly jwksUrl: string
  /** The resource to ask for, and the audience of the access tokens. */
  readonly audience: string
  readonly gatewayClient: ClientCredentials
  /** Client credentials for machines, by tenant id. */
  readonly cliClients: Readonly<Record<string, ClientCredentials>>
  readonly close: () => Promise<void>
}

/**
 * A real OpenID provider on loopback, with demo tenants and users: authorization code with PKCE,
 * rotated refresh tokens, logout, client credentials, and JWT access tokens that carry
 * `tenant_id`, `mode`, `roles` and `name`. For a laptop and for tests: its passwords are public.
 */
export async function startOidcProvider(options: StartOidcOptions): Promise<EmbeddedOidcProvider> {
  await mkdir(options.dataDir, { recursive: true, mode: 0o700 })
  const secrets = await keptSecret(join(options.dataDir, 'oidc-secrets.json'), createOidcSecrets)
  const state = openDurableMap<StoredPayload>(join(options.dataDir, 'oidc-state.jsonl'))
  let answer: (request: IncomingMessage, response: ServerResponse) => void = notYet
  const server = createServer((request, response) => answer(request, response))
  const port = await listen(server, options.port ?? 0, 'the identity provider')
  // Browsers keep cookies for "localhost", where the gateway lives too.
  const issuer = `http://localhost:${port}`
  const OidcProvider = await loadProvider()
  const provider = new OidcProvider(issuer, {
    ...providerConfiguration(secrets, options),
    adapter: createAdapter(state),
  })
  answer = handler(provider)

  const client = (clientId: string): ClientCredentials => ({
    clientId,
    clientSecret: secrets.clientSecrets[clientId] ?? '',
  })
  return {
    issuer,
    tokenUrl: `${issuer}/token`,
    jwksUrl: `${issuer}/jwks`,
    audience: apiResource,
    gatewayClient: client(gatewayClientId),
    cliClients: Object.fromEntries(
      demoTenants.map(({ tenantId }) => [tenantId, client(cliClientId(tenantId))]),
    ),
    close: async () => {
      await closed(server)
      state.close()
    },
  }
}

function notYet(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(503).end()
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void

function handler(provider: Provider): Handler {
  const callback = provider.callback()
  return (request, response) => {
    if (request.url?.startsWith('/interaction/') !== true) {
      void callback(request, response)
      return
    }
    interact(provider, request, response).catch(() => {
      html(
        response,
        400,
        messagePage('Sign in again', 'This page has expired: go back and start over.'),
      )
    })
  }
}

/** @throws when the interaction has expired or belongs to another browser */
async function interact(
  provider: Provider,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const details = await provider.interactionDetails(request, response)
  const action = `/interaction/${details.uid}`
  if (request.method !== 'POST') {
    const hint = details.params['login_hint']
    const email = typeof hint === 'string' ? { email: hint } : {}
    html(response, 200, signInPage({ action, ...email }))
    return
  }
  const form = new URLSearchParams(await readBody(request))
  const email = form.get('email') ?? ''
  const account = signIn(email, form.get('password') ?? '')
  if (account === undefined) {
    html(
      response,
      401,
      signInPage({ action, email, problem: 'This email and password do not fit.' }),
    )
    return
  }
  await provider.interactionFinished(
    request,
    response,
    { login: { accountId: account.user.subject, remember: true } },
    { mergeWithLastSubmission: false },
  )
}

const maxFormBytes = 10_000

async function readBody(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > maxFormBytes) throw new Error('the form is too large')
  }
  return text
}

function html(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'x-frame-options': 'DENY',
  })
  response.end(body)
}

async function closed(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
