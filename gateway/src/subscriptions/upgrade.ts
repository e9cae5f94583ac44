import type { IncomingMessage, Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket, WebSocketServer } from 'ws'
import { AppError, toAppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import type { Access } from '../access.js'
import type { RateLimits } from '../guard/rate-limits.js'
import { answerRaw } from '../http/raw-answer.js'

export interface UpgradeDeps {
  readonly access: Pick<Access, 'assertMayUpgrade'>
  readonly rateLimits: RateLimits
  readonly isLeaving: () => boolean
  readonly serve: (socket: WebSocket, raw: Socket, request: IncomingMessage) => void
  readonly newRequestId: () => string
  readonly logger: Logger
}

/** Lets WebSockets in at /graphql. */
export function acceptUpgrades(
  server: HttpServer,
  sockets: WebSocketServer,
  deps: UpgradeDeps,
): void {
  // RFC 6455, section 4.2.1: the handshake lacks something, or is of another version.
  sockets.on('wsClientError', (cause, socket) => {
    const error = new AppError('INVALID_INPUT', 'this is no WebSocket handshake', { cause })
    answerRaw(socket, error, deps.newRequestId())
  })
  server.on('upgrade', (request, socket, head) => {
    // Node takes its own listener off an upgraded socket; a reset would end the process.
    socket.on('error', () => socket.destroy())
    const accept = (): void => {
      sockets.handleUpgrade(request, socket, head, (accepted) => {
        accepted.on('error', (error) => deps.logger.debug({ err: error }, 'a socket failed'))
        // What an HTTP server upgrades is a TCP or TLS socket; the type allows for others.
        deps.serve(accepted, socket as Socket, request)
      })
    }
    const refuse = (error: unknown): void =>
      answerRaw(socket, toAppError(error), deps.newRequestId())
    try {
      assertMayUpgrade(deps, request)
      const arrived = deps.rateLimits.arrived(deps.rateLimits.addressOf(request))
      if (arrived === undefined) accept()
      else arrived.then(accept, refuse)
    } catch (error) {
      refuse(error)
    }
  })
}

/** @throws AppError NOT_FOUND, BACKEND_UNAVAILABLE, and what `access` refuses with */
function assertMayUpgrade(deps: UpgradeDeps, request: IncomingMessage): void {
  if (deps.isLeaving()) throw new AppError('BACKEND_UNAVAILABLE', 'going away; connect again')
  const [path] = (request.url ?? '').split('?')
  if (path !== '/graphql') throw new AppError('NOT_FOUND', 'WebSockets are served at /graphql')
  deps.access.assertMayUpgrade(request)
}
