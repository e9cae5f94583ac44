import { readFileSync } from 'node:fs'
import { AppError } from '@heirloom/errors'
import { optional, required, type Env } from '@heirloom/subgraph'

/** One OpenID provider, and how its tokens are read. */
export interface ProviderConfig {
  /** In addresses and logs. */
  readonly id: string
  /** What people choose by, when there are several. */
  readonly name: string
  readonly issuer: URL
  readonly clientId: string
  readonly clientSecret: string
  readonly clientAuthentication: ClientAuthentication
  /** What an access token must be meant for. */
  readonly audience: string
  /** The claim that says so. Cognito's access tokens have it in `client_id`. */
  readonly audienceClaim: string
  /** Whether the audience is asked for as a resource (RFC 8707). */
  readonly asksForResource: boolean
  readonly scope: string
  /** The provider's names for our claims, by ours, where they differ. */
  readonly claims: Readonly<Record<string, string>>
  /** Claims that hold for everybody who signs in here, whatever the token says. */
  readonly fixedClaims: Readonly<Record<string, unknown>>
  /** The tenants that it may speak for; undefined for any. */
  readonly tenants?: readonly string[] | undefined
  /** Where it sends browsers back to. One of its own keeps providers apart (RFC 9700, 4.4.2.2). */
  readonly callbackPath: string
}

export type ClientAuthentication = (typeof clientAuthentications)[number]

const clientAuthentications = ['client_secret_basic', 'client_secret_post'] as const
const defaultAudience = 'urn:heirloom:api'
const defaultScope = 'openid profile offline_access'
const idPattern = /^[a-z][a-z0-9-]{0,31}$/
const ourClaims = [
  'sub',
  'tenant_id',
  'tenant_name',
  'mode',
  'project_id',
  'surface_id',
  'name',
  'roles',
]
const settings = [
  'id',
  'name',
  'issuer',
  'client_id',
  'client_secret',
  'client_secret_env',
  'client_authentication',
  'audience',
  'audience_claim',
  'resource',
  'scope',
  'claims',
  'fixed_claims',
  'tenants',
]

/**
 * The providers of OIDC_ISSUER and its companions, and of OIDC_PROVIDERS: a JSON array, or the
 * name of a file that holds one.
 * @throws AppError INVALID_INPUT that names the variable
 */
export function readProviders(env: Env): readonly ProviderConfig[] {
  const listed = optional(env, 'OIDC_PROVIDERS', '')
  const several = listed === '' ? [] : readList(listed, env)
  const single = listed === '' || isSet(env, 'OIDC_ISSUER') ? [readSingle(env)] : []
  const providers = [...single, ...several]
  if (providers.length === 0) throw invalid('names no provider')
  for (const key of ['id', 'issuer'] as const) {
    const values = providers.map((provider) => String(provider[key]).replace(/\/$/, ''))
    const twice = values.find((value, index) => values.indexOf(value) !== index)
    if (twice !== undefined) throw invalid(`names the ${key} ${twice} twice`)
  }
  return providers
}

function readSingle(env: Env): ProviderConfig {
  return {
    id: 'default',
    name: optional(env, 'OIDC_NAME', 'Heirloom'),
    issuer: issuerOf(required(env, 'OIDC_ISSUER'), 'OIDC_ISSUER'),
    clientId: required(env, 'OIDC_CLIENT_ID'),
    clientSecret: required(env, 'OIDC_CLIENT_SECRET'),
    clientAuthentication: 'client_secret_basic',
    audience: optional(env, 'OIDC_AUDIENCE', defaultAudience),
    audienceClaim: 'aud',
    asksForResource: true,
    scope: optional(env, 'OIDC_SCOPE', defaultScope),
    claims: {},
    fixedClaims: {},
    callbackPath: '/auth/callback',
  }
}

function readList(value: string, env: Env): readonly ProviderConfig[] {
  const list = parsed(value.trimStart().startsWith('[') ? value : contentOf(value))
  if (!Array.isArray(list)) throw invalid('must be a JSON array, or the name of a file with one')
  return list.map((entry: unknown, index) => readListed(entry, index, env))
}

function readListed(entry: unknown, index: number, env: Env): ProviderConfig {
  if (!isObject(entry)) throw invalid(`entry ${index} must be an object`)
  const unknown = Object.keys(entry).find((name) => !settings.includes(name))
  if (unknown !== undefined) throw invalid(`entry ${index} has the unknown setting "${unknown}"`)
  const text = (name: string, fallback?: string): string => {
    const value = entry[name] ?? fallback
    if (typeof value === 'string' && value !== '') return value
    throw invalid(`entry ${index} needs "${name}"`)
  }
  const id = text('id')
  if (!idPattern.test(id)) throw invalid(`the id ${id} must be lower-case letters, digits and "-"`)
  const secretName = entry['client_secret_env']
  const clientSecret =
    typeof secretName === 'string' ? required(env, secretName) : text('client_secret')
  const authentication = text('client_authentication', 'client_secret_basic')
  const clientAuthentication = clientAuthentications.find((known) => known === authentication)
  if (clientAuthentication === undefined) {
    throw invalid(`${id}: client_authentication must be ${clientAuthentications.join(' or ')}`)
  }
  return {
    id,
    name: text('name', id),
    issuer: issuerOf(text('issuer'), `OIDC_PROVIDERS: issuer of ${id}`),
    clientId: text('client_id'),
    clientSecret,
    clientAuthentication,
    audience: text('audience', defaultAudience),
    audienceClaim: text('audience_claim', 'aud'),
    asksForResource: entry['resource'] !== false,
    scope: text('scope', defaultScope),
    claims: claimNames(entry['claims'] ?? {}, id),
    fixedClaims: ourClaimsIn(entry['fixed_claims'] ?? {}, id),
    tenants: tenantsIn(entry['tenants'], id),
    callbackPath: `/auth/callback/${id}`,
  }
}

function claimNames(value: unknown, id: string): Readonly<Record<string, string>> {
  const claims = ourClaimsIn(value, id)
  if (!Object.values(claims).every((name) => typeof name === 'string' && name !== '')) {
    throw invalid(`${id}: "claims" must map our claims to names of the provider's`)
  }
  return claims as Readonly<Record<string, string>>
}

function ourClaimsIn(value: unknown, id: string): Readonly<Record<string, unknown>> {
  if (!isObject(value)) throw invalid(`${id}: claims must be an object`)
  const unknown = Object.keys(value).find((name) => !ourClaims.includes(name) || name === 'sub')
  if (unknown !== undefined) throw invalid(`${id}: "${unknown}" is no claim that can be mapped`)
  return value
}

function tenantsIn(value: unknown, id: string): readonly string[] | undefined {
  if (value === undefined) return undefined
  if (Array.isArray(value) && value.every((tenant) => typeof tenant === 'string')) return value
  throw invalid(`${id}: "tenants" must be a list of tenant ids`)
}

function issuerOf(text: string, name: string): URL {
  if (!URL.canParse(text) || !/^https?:/.test(text)) {
    throw new AppError('INVALID_INPUT', `${name} must be an http or https address`)
  }
  return new URL(text)
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw invalid(`names the file ${file}, which cannot be read`, cause)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw invalid('is not valid JSON', cause)
  }
}

function isSet(env: Env, name: string): boolean {
  return optional(env, name, '') !== ''
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(what: string, cause?: unknown): AppError {
  return new AppError('INVALID_INPUT', `OIDC_PROVIDERS ${what}`, { cause })
}
