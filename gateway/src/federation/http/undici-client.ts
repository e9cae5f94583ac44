import { Agent, request } from 'undici'
import { withDeadline } from '../deadline.js'
import type { HttpClient } from './lean-client.js'

export interface UndiciClientOptions {
  readonly url: URL
  readonly maxConnections: number
  readonly connectTimeoutMs: number
  readonly maxAnswerBytes: number
  readonly keepAliveMs: number
}

/** The same over TLS, where the handshake, and all that may go wrong with it, is undici's. */
export function createUndiciClient(options: UndiciClientOptions): HttpClient {
  const agent = new Agent({
    connections: options.maxConnections,
    keepAliveTimeout: options.keepAliveMs,
    connect: { timeout: options.connectTimeoutMs },
    maxResponseSize: options.maxAnswerBytes,
  })

  return {
    post: ({ body, fields, isRepeatable, signal, timeoutMs }) => {
      const headers = ['content-type', 'application/json', 'accept', 'application/json']
      for (const field of fields.split('\r\n')) {
        const colon = field.indexOf(':')
        if (colon > 0) headers.push(field.slice(0, colon), field.slice(colon + 1).trim())
      }
      return withDeadline(timeoutMs, signal, async (until) => {
        const once = async () => {
          const options_ = {
            dispatcher: agent,
            method: 'POST',
            headers,
            body,
            signal: until,
          } as const
          const response = await request(options.url, options_)
          return {
            status: response.statusCode,
            text: await response.body.text(),
            isReusable: true,
            keepAliveMs: undefined,
          }
        }
        return once().catch((error: unknown) => {
          if (!isRepeatable || !isStale(error)) throw error
          return once()
        })
      })
    },
    close: () => void agent.destroy(),
  }
}

function isStale(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return error.code === 'UND_ERR_SOCKET' || error.code === 'ECONNRESET'
}
