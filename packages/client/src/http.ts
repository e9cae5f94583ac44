import { answerError, HeirloomError, type GraphQLAnswerError } from './heirloom-error.js'

export interface HttpOptions {
  readonly url: string
  readonly headers: () => Promise<Record<string, string>>
  readonly fetch: typeof globalThis.fetch
}

export type Variables = Readonly<Record<string, unknown>>

const timeoutMs = 30_000

interface Answer {
  readonly data?: unknown
  readonly errors?: readonly GraphQLAnswerError[]
  /** The envelope of failures outside GraphQL. */
  readonly error?: {
    readonly code?: string
    readonly message?: string
    readonly retryable?: boolean
  }
}

/** One query or mutation. Nothing is repeated: that is for the caller to decide. */
export async function request(
  options: HttpOptions,
  query: string,
  variables: Variables,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const limit = AbortSignal.timeout(timeoutMs)
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json',
    ...(await options.headers()),
  }
  let status: number
  let text: string
  try {
    const response = await options.fetch(options.url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables }),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    })
    status = response.status
    text = await response.text()
  } catch (cause) {
    signal?.throwIfAborted()
    const what = limit.aborted ? `did not answer within ${timeoutMs / 1000} s` : 'cannot be reached'
    throw new HeirloomError('CONNECTION_LOST', `${options.url} ${what}`, { retryable: true, cause })
  }
  return dataOf(parse(text, status, options.url), status)
}

function parse(text: string, status: number, url: string): Answer {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null) return answer
  } catch {
    // Reported below together with JSON that is not an object.
  }
  throw new HeirloomError(
    'BAD_ANSWER',
    `${url} answered ${status} with something that is not the API's`,
    {
      retryable: status >= 500,
    },
  )
}

function dataOf(answer: Answer, status: number): unknown {
  if (answer.error !== undefined) {
    const { code, message, retryable } = answer.error
    throw new HeirloomError(code ?? 'INTERNAL', message ?? `the answer was ${status}`, {
      retryable: retryable ?? status >= 500,
    })
  }
  if ((answer.errors?.length ?? 0) > 0 || answer.data === undefined || answer.data === null) {
    throw answerError(answer.errors ?? [], answer.data)
  }
  return answer.data
}
