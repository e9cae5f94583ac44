import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { AppError, errorEnvelope, toAppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'

/** Every failure that is not GraphQL's answers our envelope, whoever found it. */
export function answerErrorsWithEnvelope(app: FastifyInstance, logger: Logger): void {
  app.setNotFoundHandler((request, reply) => {
    const { pathname } = new URL(request.url, 'http://localhost')
    send(reply, request, new AppError('NOT_FOUND', `there is nothing at ${pathname}`))
  })
  app.setErrorHandler((error, request, reply) => {
    const known = fromFramework(error)
    if (known.code === 'INTERNAL') {
      logger.error({ err: error, request_id: request.id }, 'request failed')
    }
    send(reply, request, known)
  })
}

function send(reply: FastifyReply, request: FastifyRequest, error: AppError): void {
  // RFC 9110, section 11.6.1: a 401 says how to authenticate.
  if (error.status === 401) reply.header('www-authenticate', 'Bearer')
  reply
    .status(error.status)
    .header('cache-control', 'no-store')
    .type('application/json; charset=utf-8')
    .send(errorEnvelope(error, request.id))
}

/** Fastify's own complaints about a request, in our codes. */
function fromFramework(error: unknown): AppError {
  if (error instanceof AppError || !(error instanceof Error)) return toAppError(error)
  const { statusCode, code } = error as Error & { statusCode?: number; code?: string }
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return new AppError('PAYLOAD_TOO_LARGE', 'the request body is too large', { cause: error })
  }
  if (statusCode === undefined || statusCode >= 500) return toAppError(error)
  return new AppError('INVALID_INPUT', messageOf(code), { cause: error })
}

function messageOf(code: string | undefined): string {
  switch (code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return 'send JSON, with the header "content-type: application/json"'
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return 'the request has no body'
    default:
      return 'the request body is not valid JSON'
  }
}
