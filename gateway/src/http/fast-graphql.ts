import { isAscii } from 'node:buffer'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { AppError, errorEnvelope, toAppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import type { Access } from '../access.js'
import type { Operations } from '../federation/operations.js'
import type { Asker } from '../federation/subgraph-request.js'
import type { Charged, RateLimits } from '../guard/rate-limits.js'
import { errorHeaders } from './error-headers.js'
import { operationOf, responseTypeFor, statusFor } from './graphql-request.js'
import { idsOf, requestIdIn } from './request-ids.js'
import { securityHeaders } from './security-headers.js'

export interface FastGraphQLDeps {
  readonly operations: Pick<Operations, 'respond'>
  readonly access: Pick<Access, 'admitRequest'>
  readonly rateLimits: RateLimits
  readonly publicUrl: URL | undefined
  readonly newId: () => string
  readonly maxBodyBytes: number
  readonly logger: Logger
  /** While this holds, requests are left to those who were there before. */
  readonly isClosing: () => boolean
}

/**
 * Answers the plainest of requests, which are nearly all: a POST to /graphql with a JSON body of
 * known length. Whatever else comes goes to the listeners that the server had; they answer the
 * same to these requests too, only with more work for each.
 */
export function serveGraphQLFast(server: Server, deps: FastGraphQLDeps): void {
  const { operations, access, rateLimits, logger } = deps
  const fixed = [...securityHeaders(deps.publicUrl), 'cache-control', 'no-store']
  const others = server.listeners('request') as Listener[]
  server.removeAllListeners('request')
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (deps.isClosing() || !isPlain(request, deps.maxBodyBytes)) {
      for (const listener of others) listener.call(server, request, response)
    } else void answer(request, response)
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { headers } = request
    const id = requestIdIn(headers, deps.newId)
    try {
      // Before the body is read: who may not ask, or not so often, is not listened to.
      const arrived = rateLimits.arrived(rateLimits.addressOf(request))
      if (arrived !== undefined) await arrived
      const askAs = await access.admitRequest(request)
      const asker = askAs(idsOf({ id, headers }))
      const asked = rateLimits.asked(asker.who)
      if (asked !== undefined) await asked
      const body = await bodyOf(request)
      if (body === undefined) return
      const { status, text } = await run(asker, body)
      const { accept } = headers
      const all = [...fixed, 'vary', 'accept', 'x-request-id', id]
      send(response, statusFor(status, accept), all, responseTypeFor(accept), text)
    } catch (error) {
      refuse(response, error, id)
    }
  }

  async function run(asker: Asker, body: string) {
    const operation = {
      ...operationOf(parsed(body)),
      charge: (charged: Charged) => rateLimits.charged(asker.who, charged),
    }
    const answered = await operations.respond(operation, asker.createCaller())
    return { status: answered.status, text: answered.body }
  }

  function refuse(response: ServerResponse, error: unknown, id: string): void {
    const known = toAppError(error)
    if (known.code === 'INTERNAL') logger.error({ err: error, request_id: id }, 'request failed')
    const headers = [...fixed, 'x-request-id', id, ...errorHeaders(known)]
    const body = JSON.stringify(errorEnvelope(known, id))
    send(response, known.status, headers, 'application/json; charset=utf-8', body)
  }
}

type Listener = (this: Server, request: IncomingMessage, response: ServerResponse) => void

function isPlain({ method, url, headers }: IncomingMessage, maxBodyBytes: number): boolean {
  if (method !== 'POST' || url !== '/graphql') return false
  const type = headers['content-type']
  if (type !== 'application/json' && type !== 'application/json; charset=utf-8') return false
  const length = Number(headers['content-length'])
  return (
    length > 0 &&
    length <= maxBodyBytes &&
    headers['content-encoding'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers.expect === undefined
  )
}

/** Undefined when the client went away before it had said everything. */
function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  return new Promise((resolve) => {
    if (request.destroyed) return resolve(undefined)
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const [only] = parts
      const bytes = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
      resolve(bytes.toString(isAscii(bytes) ? 'latin1' : 'utf8'))
    })
    request.on('error', () => resolve(undefined))
    request.on('close', () => resolve(undefined))
  })
}

/** @throws AppError INVALID_INPUT */
function parsed(text: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw notJson(cause)
  }
  // What would become an object's prototype if somebody copied it carelessly.
  if (/__proto__|prototype|\\u/.test(text) && poisons(value)) throw notJson()
  return value
}

function poisons(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Object.hasOwn(value, '__proto__')) return true
  const { constructor: own } = Object.hasOwn(value, 'constructor') ? value : { constructor: null }
  if (typeof own === 'object' && own !== null && Object.hasOwn(own, 'prototype')) return true
  return Object.values(value).some(poisons)
}

function notJson(cause?: unknown): AppError {
  return new AppError('INVALID_INPUT', 'the request body is not valid JSON', { cause })
}

function send(
  response: ServerResponse,
  status: number,
  headers: string[],
  type: string,
  body: string,
): void {
  if (response.destroyed) return
  const bytes = Buffer.byteLength(body)
  headers.push('content-type', type, 'content-length', String(bytes))
  response.writeHead(status, headers)
  // What is ASCII is the same in both, and much cheaper to write.
  response.end(body, bytes === body.length ? 'latin1' : 'utf8')
}
