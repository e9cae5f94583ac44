import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorEnvelope, type AppError } from '@heirloom/errors'
import { errorHeaders } from './error-headers.js'

/** Answers a connection that no response object was made for, and closes it. */
export function answerRaw(socket: Duplex, error: AppError, requestId: string): void {
  if (!socket.writable) return void socket.destroy()
  const body = JSON.stringify(errorEnvelope(error, requestId))
  const headers = errorHeaders(error)
  socket.end(
    [
      `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? error.code}`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      'X-Content-Type-Options: nosniff',
      'Cache-Control: no-store',
      `X-Request-Id: ${requestId}`,
      ...headers.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${headers[at + 1]}`] : [])),
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  )
}
