import { createHash } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'

export interface Artifact {
  readonly body: string
  /** Strong (RFC 9110, section 8.8.3): the SHA-256 of the body. */
  readonly etag: string
}

export function artifact(body: string): Artifact {
  return { body, etag: `"${createHash('sha256').update(body).digest('hex')}"` }
}

/** Who may keep a copy, and what it depends on. */
export interface Keeping {
  readonly 'cache-control': string
  readonly vary: string
}

const byAnybody: Keeping = { 'cache-control': 'no-cache', vary: 'accept' }

/** Sends an artifact, or 304 when the caller has it already; always asks to be asked again. */
export function sendArtifact(
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  { body, etag }: Artifact,
  keeping: Keeping = byAnybody,
): FastifyReply {
  reply.headers({ etag, ...keeping })
  if (matches(request.headers['if-none-match'], etag)) return reply.status(304).send()
  return reply.type(type).send(body)
}

/** RFC 9110, section 13.1.2: the comparison is weak. */
function matches(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''))
  return tags.includes('*') || tags.includes(etag)
}
