import type {
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifyServerOptions,
  HTTPMethods,
} from 'fastify'
import { AppError, errorEnvelope, toAppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import { errorHeaders } from './error-headers.js'
import { answerRaw } from './raw-answer.js'

const methods: readonly HTTPMethods[] = ['DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT']
const maxShownPathLength = 200

/** Every failure that is not GraphQL's answers our envelope, whoever found it. */
export function answerErrorsWithEnvelope(app: FastifyInstance, logger: Logger): void {
  app.setNotFoundHandler((request, reply) => {
    const [path = ''] = request.url.split('?')
    const shown = path.slice(0, maxShownPathLength)
    const allowed = methods.filter((method) => app.hasRoute({ method, url: path }))
    if (allowed.length === 0) {
      return send(reply, request, new AppError('NOT_FOUND', `there is nothing at ${shown}`))
    }
    // RFC 9110, section 15.5.6.
    reply.header('allow', allowed.join(', '))
    const message = `${shown} takes ${allowed.join(', ')}`
    return send(reply, request, new AppError('METHOD_NOT_ALLOWED', message))
  })
  app.setErrorHandler((error, request, reply) => {
    const known = fromFramework(error)
    if (known.code === 'INTERNAL') {
      logger.error({ err: error, request_id: request.id }, 'request failed')
    }
    send(reply, request, known)
  })
}

/** The same for what is refused before there is a route, or even a request. */
export function envelopeBeforeRoutes(
  newRequestId: () => string,
): Pick<FastifyServerOptions, 'clientErrorHandler' | 'frameworkErrors'> {
  return {
    frameworkErrors: (error, request, reply) => {
      reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff')
      send(reply, request, fromFramework(error))
    },
    clientErrorHandler: (error, socket) => {
      if (error.code === 'ECONNRESET' || socket.destroyed) return
      answerRaw(socket, fromParser(error), newRequestId())
    },
  }
}

function send(reply: FastifyReply, request: FastifyRequest, error: AppError): void {
  const headers = errorHeaders(error)
  for (let at = 0; at < headers.length; at += 2) reply.header(headers[at] ?? '', headers[at + 1])
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
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return unsupportedMediaType()
  return new AppError('INVALID_INPUT', messageOf(code), { cause: error })
}

export function unsupportedMediaType(): AppError {
  return new AppError(
    'UNSUPPORTED_MEDIA_TYPE',
    'send JSON, with the header "content-type: application/json"',
  )
}

function messageOf(code: string | undefined): string {
  switch (code) {
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return 'the request has no body'
    case 'FST_ERR_BAD_URL':
      return 'the address holds an escape that is none'
    default:
      return 'the request body is not valid JSON'
  }
}

/** What Node's HTTP parser gave up on. */
function fromParser(cause: Error & { readonly code?: string }): AppError {
  switch (cause.code) {
    case 'HPE_HEADER_OVERFLOW':
      return new AppError('PAYLOAD_TOO_LARGE', 'the headers of the request are too large', {
        cause,
      })
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new AppError('INVALID_INPUT', 'the request did not arrive in time', { cause })
    default:
      return new AppError('INVALID_INPUT', 'this is not an HTTP request', { cause })
  }
}
