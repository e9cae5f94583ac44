import { AppError } from '@heirloom/errors'
import { Agent, request, type Dispatcher } from 'undici'
import { checkedUrl, redirectTarget } from './checked-url.js'
import { guardedConnect, resolveHost, type ResolveHost } from './guarded-connect.js'
import { failed, refused } from './outgoing-errors.js'
import { defaultOutgoingPolicy, type OutgoingPolicy } from './outgoing-policy.js'
import { acceptedEncodings, readBody, tooLarge } from './read-body.js'

export interface OutgoingRequest {
  /** GET when it is left out. */
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal
}

export interface OutgoingAnswer {
  /** Any but that of a redirect that was followed. */
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body: Uint8Array
  /** Where the answer came from, after redirects. */
  readonly url: string
}

export interface Outgoing {
  /**
   * One request to an address that a tenant chose, and its whole answer. Redirects are followed one
   * by one, each checked like the first; credentials stay with the origin that they were meant for.
   * Never retries. Proxies that the environment names are not used: they would connect unchecked.
   * @throws AppError OUTGOING_REFUSED for an address that may not be called, nothing having been
   * sent to it; OUTGOING_FAILED; TIMEOUT. Rejects with the signal's reason when that aborts.
   */
  fetch(url: string | URL, request?: OutgoingRequest): Promise<OutgoingAnswer>
  /** Ends all connections. */
  close(): Promise<void>
}

export interface OutgoingOptions {
  readonly policy?: Partial<OutgoingPolicy>
  readonly resolve?: ResolveHost
}

const connectTimeoutMs = 5_000
const connectionsPerOrigin = 8
const maxHeaderBytes = 16 * 1024
/** For the origin that they were given for alone. */
const credentialHeaders = ['authorization', 'cookie', 'proxy-authorization']
const redirects: readonly number[] = [301, 302, 303, 307, 308]

export function createOutgoing(options: OutgoingOptions = {}): Outgoing {
  const policy = { ...defaultOutgoingPolicy, ...options.policy }
  const agent = new Agent({
    connect: guardedConnect({
      resolve: options.resolve ?? resolveHost,
      allowedOrigins: policy.allowedOrigins,
      timeoutMs: Math.min(connectTimeoutMs, policy.timeoutMs),
    }),
    connections: connectionsPerOrigin,
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: policy.timeoutMs,
    bodyTimeout: policy.timeoutMs,
  })

  async function follow(first: URL, asked: OutgoingRequest, signal: AbortSignal) {
    let hop: Hop = { url: first, request: asked }
    for (let hops = 0; ; hops += 1) {
      const answer = await send(hop, signal)
      const { location } = answer.headers
      if (!redirects.includes(answer.statusCode) || typeof location !== 'string') {
        return received(answer, hop.url)
      }
      await answer.body.dump({ limit: maxHeaderBytes, signal }).catch(() => undefined)
      if (hops === policy.maxRedirects) {
        throw refused('redirects', `more than ${policy.maxRedirects} redirects are not followed`)
      }
      hop = redirected(hop, answer.statusCode, redirectTarget(location, hop.url, policy))
    }
  }

  function send({ url, request: asked }: Hop, signal: AbortSignal) {
    const { method = 'GET', headers, body } = asked
    return request(url, {
      dispatcher: agent,
      method,
      headers: { 'accept-encoding': acceptedEncodings, ...headers },
      ...(body === undefined ? {} : { body }),
      signal,
    })
  }

  async function received(
    { statusCode, headers, body }: Dispatcher.ResponseData,
    url: URL,
  ): Promise<OutgoingAnswer> {
    const { 'content-length': length, 'content-encoding': encoding = 'identity' } = headers
    if (Number(length) > policy.maxBytes) {
      body.on('error', () => undefined).destroy()
      throw tooLarge(policy.maxBytes)
    }
    const bytes = await readBody(body, String(encoding).toLowerCase(), policy.maxBytes)
    return { status: statusCode, headers, body: bytes, url: url.href }
  }

  return {
    fetch: async (url, asked = {}) => {
      const first = checkedUrl(url, policy)
      const deadline = AbortSignal.timeout(policy.timeoutMs)
      const given = asked.signal === undefined ? [] : [asked.signal]
      try {
        return await follow(first, asked, AbortSignal.any([deadline, ...given]))
      } catch (error) {
        asked.signal?.throwIfAborted()
        throw translated(error, deadline, policy)
      }
    },
    close: () => agent.destroy(),
  }
}

interface Hop {
  readonly url: URL
  readonly request: OutgoingRequest
}

/** As browsers do (https://fetch.spec.whatwg.org/#http-redirect-fetch). */
function redirected({ url: from, request }: Hop, status: number, url: URL): Hop {
  const { method = 'GET', headers = {}, body, signal } = request
  const becomesGet = status === 303 ? method !== 'HEAD' : status < 303 && method === 'POST'
  const left = Object.entries(headers).filter(([name]) => {
    if (becomesGet && name.startsWith('content-')) return false
    return url.origin === from.origin || !credentialHeaders.includes(name)
  })
  return {
    url,
    request: {
      method: becomesGet ? 'GET' : method,
      headers: Object.fromEntries(left),
      ...(becomesGet || body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    },
  }
}

function translated(
  error: unknown,
  deadline: AbortSignal,
  { timeoutMs }: OutgoingPolicy,
): AppError {
  if (error instanceof AppError) return error
  if (deadline.aborted) {
    return new AppError('TIMEOUT', `no answer within ${timeoutMs} ms`, { cause: error })
  }
  return failed('unreachable', 'the address gives no answer', error)
}
