import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError } from '@heirloom/errors'
import type { AskAs } from '../access.js'
import { isObject } from '../federation/json.js'
import type { Operations } from '../federation/operations.js'
import type { Supergraph } from '../federation/supergraph.js'
import { unsupportedMediaType } from '../http/errors.js'
import { artifact, sendArtifact, type Artifact } from '../http/etag.js'
import { idsOf } from '../http/request-ids.js'
import { endpointsOf, type Endpoint, type Method } from './endpoints.js'
import { openApiDocument } from './open-api.js'
import { restPage } from './rest-page.js'
import { answerOf, type RestAnswer } from './rest-answer.js'
import { operationFor } from './rest-operation.js'
import type { Parameters } from './variables.js'

export interface RestDeps {
  readonly current: () => Supergraph
  readonly operations: Pick<Operations, 'run'>
  /** For what changes nothing. */
  readonly admitRead: (request: FastifyRequest) => Promise<AskAs>
  /** For everything else. */
  readonly admitRequest: (request: FastifyRequest) => Promise<AskAs>
  /** Where clients reach the gateway. */
  readonly publicUrl: URL
}

export const restPrefix = '/api/v1'

/**
 * The schema by REST: each request is one GraphQL operation, which runs as any other does, with
 * the same caller, limits and policies. The endpoints follow the supergraph that is served.
 */
export function serveRest(app: FastifyInstance, deps: RestDeps): void {
  const made = new WeakMap<Supergraph, Api>()
  const api = (): Api => {
    const supergraph = deps.current()
    const known = made.get(supergraph) ?? apiOf(supergraph, deps.publicUrl)
    made.set(supergraph, known)
    return known
  }
  const admitted = new WeakMap<FastifyRequest, AskAs>()

  app.get(`${restPrefix}/openapi.json`, (request, reply) =>
    sendArtifact(request, reply, 'application/json; charset=utf-8', api().document),
  )
  app.get(restPrefix, (request, reply) => {
    const { page, policy } = api().page
    reply.header('content-security-policy', policy)
    return sendArtifact(request, reply, 'text/html; charset=utf-8', page)
  })
  app.route({
    method: ['GET', 'POST', 'PATCH', 'DELETE'],
    url: `${restPrefix}/*`,
    // Before the body is read: who may not ask is not listened to.
    onRequest: async (request) => {
      const isRead = request.method === 'GET' || request.method === 'HEAD'
      admitted.set(request, await (isRead ? deps.admitRead : deps.admitRequest)(request))
    },
    handler: async (request, reply) => {
      const askAs = admitted.get(request)
      if (askAs === undefined) throw new Error('unreachable: the hook has set it')
      const { endpoint, id } = findEndpoint(api().endpoints, request, reply)
      const operation = operationFor({
        endpoint,
        id,
        parameters: parametersOf(request),
        body: bodyOf(request),
        idempotencyKey: headerOf(request, 'idempotency-key'),
      })
      const asker = askAs(idsOf(request))
      const answered = await deps.operations.run(operation, asker.createCaller())
      const answer = answerOf(endpoint, answered)
      return endpoint.kind === 'query'
        ? sendRead(request, reply, answer, asker.who?.tenant ?? '')
        : sendChange(reply, answer, endpoint)
    },
  })
}

interface Api {
  readonly endpoints: readonly Endpoint[]
  readonly document: Artifact
  readonly page: { readonly page: Artifact; readonly policy: string }
}

function apiOf({ apiSchema }: Supergraph, publicUrl: URL): Api {
  const endpoints = endpointsOf(apiSchema)
  const server = new URL(restPrefix, publicUrl).href
  const document = openApiDocument(apiSchema, endpoints, server)
  return {
    endpoints,
    document: artifact(JSON.stringify(document, null, 2)),
    page: restPage(endpoints),
  }
}

const ownKeeping = { 'cache-control': 'private, no-cache', vary: 'authorization, cookie' }

/**
 * The tenant is part of the tag: the tag of another tenant matches nothing, whatever it saw.
 * Caches of others keep nothing; the client's own asks before it uses what it has.
 */
function sendRead(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, next }: RestAnswer,
  tenant: string,
): FastifyReply {
  if (next !== undefined) reply.header('link', linksOf(request, next))
  const text = JSON.stringify(body)
  const { etag } = artifact(`${tenant}\0${text}`)
  const type = 'application/json; charset=utf-8'
  return sendArtifact(request, reply, type, { body: text, etag }, ownKeeping)
}

function sendChange(
  reply: FastifyReply,
  { status, body, created }: RestAnswer,
  { path }: Endpoint,
): FastifyReply {
  if (created !== undefined) {
    reply.header('location', `${restPrefix}${path}/${encodeURIComponent(created)}`)
  }
  reply.status(status).header('cache-control', 'no-store')
  return body === undefined ? reply.send() : reply.send(body)
}

/** https://www.rfc-editor.org/rfc/rfc8288: relative to the address that was asked for. */
function linksOf(request: FastifyRequest, next: string): string {
  const { pathname, searchParams } = new URL(request.url, 'http://relative')
  const first = new URLSearchParams(searchParams)
  first.delete('after')
  const second = new URLSearchParams(first)
  second.set('after', next)
  const link = (query: URLSearchParams, rel: string) =>
    `<${pathname}${query.size === 0 ? '' : `?${query}`}>; rel="${rel}"`
  return `${link(second, 'next')}, ${link(first, 'first')}`
}

/** @throws AppError NOT_FOUND, METHOD_NOT_ALLOWED */
function findEndpoint(
  endpoints: readonly Endpoint[],
  request: FastifyRequest,
  reply: FastifyReply,
): { readonly endpoint: Endpoint; readonly id: string | undefined } {
  const parts = pathOf(request)
  const here = endpoints.filter(({ path }) => matches(path.slice(1).split('/'), parts))
  const method = (request.method === 'HEAD' ? 'GET' : request.method) as Method
  const endpoint = here.find((one) => one.method === method)
  if (endpoint !== undefined) {
    return { endpoint, id: endpoint.path.includes('{id}') ? parts[1] : undefined }
  }
  if (here.length === 0) throw new AppError('NOT_FOUND', 'there is nothing at this address')
  const allowed = here.map((one) => one.method).join(', ')
  reply.header('allow', allowed)
  throw new AppError('METHOD_NOT_ALLOWED', `this address takes ${allowed}`)
}

function pathOf(request: FastifyRequest): readonly string[] {
  const { pathname } = new URL(request.url, 'http://relative')
  try {
    return pathname
      .slice(restPrefix.length + 1)
      .split('/')
      .map(decodeURIComponent)
  } catch (cause) {
    throw new AppError('INVALID_INPUT', 'the address holds an escape that is none', { cause })
  }
}

function matches(pattern: readonly string[], parts: readonly string[]): boolean {
  return (
    pattern.length === parts.length &&
    pattern.every((part, at) => (part === '{id}' ? parts[at] !== '' : part === parts[at]))
  )
}

function parametersOf({ query }: FastifyRequest): Parameters {
  return (isObject(query) ? query : {}) as Parameters
}

/** @throws AppError UNSUPPORTED_MEDIA_TYPE */
function bodyOf({ body, headers }: FastifyRequest): unknown {
  if (body === undefined || body === null) return undefined
  if (headers['content-type']?.startsWith('application/json') === true) return body
  throw unsupportedMediaType()
}

/** @throws AppError INVALID_INPUT */
function headerOf({ headers }: FastifyRequest, name: string): string | undefined {
  const value = headers[name]
  if (value === undefined || typeof value === 'string') return value
  throw new AppError('INVALID_INPUT', `the header "${name}" is given more than once`)
}
