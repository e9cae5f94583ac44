import type { IncomingHttpHeaders } from 'node:http'
import { childTraceparent } from '@heirloom/telemetry'
import type { RequestIds } from '../federation/subgraph-request.js'

const requestIdPattern = /^[\w.-]{8,128}$/

/** The id that the caller gave the request, when it is one that can be logged; or a new one. */
export function requestIdIn(headers: IncomingHttpHeaders, newId: () => string): string {
  const given = headers['x-request-id']
  return typeof given === 'string' && requestIdPattern.test(given) ? given : newId()
}

/** The request's own id, and a trace that goes on from the caller's when one was sent. */
export function idsOf({ id, headers: { traceparent } }: IdentifiedRequest): RequestIds {
  const parent = typeof traceparent === 'string' ? traceparent : undefined
  return { requestId: id, traceparent: childTraceparent(parent) }
}

interface IdentifiedRequest {
  readonly id: string
  readonly headers: IncomingHttpHeaders
}
