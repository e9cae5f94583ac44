import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocketServer } from 'ws'
import { AppError, errorEnvelope, toAppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import { assertOwnOrigin, usesCookie, type Credentials } from '../auth/authenticate.js'

export interface UpgradeDeps {
  readonly publicUrl: URL
  readonly credentialsOf: (request: IncomingMessage) => Credentials
  readonly newRequestId: () => string
  readonly logger: Logger
}

/** Lets WebSockets in at /graphql; with a session's cookie only from a page of ours. */
export function acceptUpgrades(
  server: HttpServer,
  sockets: WebSocketServer,
  deps: UpgradeDeps,
): void {
  server.on('upgrade', (request, socket, head) => {
    // Node takes its own listener off an upgraded socket; a reset would end the process.
    socket.on('error', () => socket.destroy())
    try {
      assertMayUpgrade(deps, request)
    } catch (error) {
      return reject(socket, toAppError(error), deps.newRequestId())
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => {
      accepted.on('error', (error) => deps.logger.debug({ err: error }, 'a socket failed'))
      sockets.emit('connection', accepted, request)
    })
  })
}

/** @throws AppError NOT_FOUND, CSRF_REJECTED */
function assertMayUpgrade(deps: UpgradeDeps, request: IncomingMessage): void {
  const [path] = (request.url ?? '').split('?')
  if (path !== '/graphql') throw new AppError('NOT_FOUND', 'WebSockets are served at /graphql')
  if (usesCookie(deps.credentialsOf(request))) {
    assertOwnOrigin(request.headers.origin, deps.publicUrl)
  }
}

function reject(socket: Duplex, error: AppError, requestId: string): void {
  const body = JSON.stringify(errorEnvelope(error, requestId))
  socket.end(
    [
      `HTTP/1.1 ${error.status} ${error.code}`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}
