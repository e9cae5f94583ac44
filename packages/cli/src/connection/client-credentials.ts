import { HeirloomError } from '@heirloom/client'
import type { CliFile } from './cli-file.js'

export interface AccessToken {
  readonly token: string
  readonly expiresAt: Date
}

const timeoutMs = 10_000
/** A token is renewed so long before it expires. */
const renewEarlyMs = 30_000

/**
 * A token by the OAuth 2.0 client credentials grant (RFC 6749, section 4.4), with the client's
 * secret in the Authorization header and the API as resource (RFC 8707).
 * @throws HeirloomError CONNECTION_LOST, UNAUTHENTICATED, BAD_ANSWER
 */
export async function fetchAccessToken(file: CliFile, tenant: string): Promise<AccessToken> {
  const client = file.clients[tenant]
  const id = encodeURIComponent(client?.clientId ?? '')
  const secret = encodeURIComponent(client?.clientSecret ?? '')
  const form = new URLSearchParams({ grant_type: 'client_credentials', resource: file.audience })
  if (file.scope !== undefined) form.set('scope', file.scope)
  let response: Response
  let text: string
  try {
    response = await fetch(file.tokenUrl, {
      method: 'POST',
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: form,
      signal: AbortSignal.timeout(timeoutMs),
    })
    text = await response.text()
  } catch (cause) {
    throw new HeirloomError('CONNECTION_LOST', `${file.tokenUrl} cannot be reached`, {
      retryable: true,
      cause,
    })
  }
  return tokenOf(text, response.status, file.tokenUrl)
}

function tokenOf(text: string, status: number, tokenUrl: string): AccessToken {
  let answer: Partial<
    Record<'access_token' | 'expires_in' | 'error' | 'error_description', unknown>
  >
  try {
    answer = JSON.parse(text) as typeof answer
  } catch {
    answer = {}
  }
  if (typeof answer.access_token === 'string') {
    const seconds = typeof answer.expires_in === 'number' ? answer.expires_in : 60
    return { token: answer.access_token, expiresAt: new Date(Date.now() + seconds * 1_000) }
  }
  if (typeof answer.error !== 'string') {
    throw new HeirloomError('BAD_ANSWER', `${tokenUrl} answered ${status} without a token`, {
      retryable: status >= 500,
    })
  }
  const why = typeof answer.error_description === 'string' ? `: ${answer.error_description}` : ''
  throw new HeirloomError('UNAUTHENTICATED', `${tokenUrl} gave no token: ${answer.error}${why}`)
}

/** Gives the same token until it is about to expire, then asks for the next. */
export function tokenSource(file: CliFile, tenant: string): () => Promise<string> {
  let current: AccessToken | null = null
  return async () => {
    if (current === null || current.expiresAt.getTime() - renewEarlyMs < Date.now()) {
      current = await fetchAccessToken(file, tenant)
    }
    return current.token
  }
}
