import type { FastifyRequest } from 'fastify'
import { childTraceparent } from '@heirloom/telemetry'
import type { RequestIds } from '../federation/subgraph-request.js'

/** The request's own id, and a trace that goes on from the caller's when one was sent. */
export function idsOf({ id, headers: { traceparent } }: FastifyRequest): RequestIds {
  const parent = typeof traceparent === 'string' ? traceparent : undefined
  return { requestId: id, traceparent: childTraceparent(parent) }
}
