import {
  answerError,
  connectionLost,
  HeirloomError,
  recordOf,
  type GraphQLAnswerError,
} from './heirloom-error.js'

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
    readonly details?: unknown
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
  let response: Response
  let text: string
  try {
    response = await options.fetch(options.url, {
      method: 'POST',
      headers,
      body: JSON.stringify({ query, variables }),
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    })
    text = await response.text()
  } catch (cause) {
    signal?.throwIfAborted()
    const what = limit.aborted ? `did not answer within ${timeoutMs / 1000} s` : 'cannot be reached'
    throw connectionLost(`${options.url} ${what}`, cause)
  }
  return dataOf(parse(text, response), response)
}

/** What a response that is not the wanted one says. */
export function failureOf(text: string, response: Response): HeirloomError {
  try {
    const answer = parse(text, response)
    dataOf(answer, response)
  } catch (error) {
    if (error instanceof HeirloomError) return error
  }
  return badAnswer(response)
}

function parse(text: string, response: Response): Answer {
  try {
    const answer: unknown = JSON.parse(text)
    if (typeof answer === 'object' && answer !== null) return answer
  } catch {
    // Reported below together with JSON that is not an object.
  }
  throw badAnswer(response)
}

function badAnswer(response: Response): HeirloomError {
  const { status, url } = response
  return new HeirloomError(
    'BAD_ANSWER',
    `${url} answered ${status} with something that is not the API's`,
    { retryable: status >= 500 || status === 429, retryAfterMs: retryAfterMs(response) },
  )
}

function dataOf(answer: Answer, response: Response): unknown {
  if (answer.error !== undefined) {
    const { code, message, retryable, details } = answer.error
    throw new HeirloomError(code ?? 'INTERNAL', message ?? `the answer was ${response.status}`, {
      retryable: retryable ?? response.status >= 500,
      retryAfterMs: retryAfterMs(response),
      details: recordOf(details),
    })
  }
  if ((answer.errors?.length ?? 0) > 0 || answer.data === undefined || answer.data === null) {
    throw answerError(answer.errors ?? [], answer.data)
  }
  return answer.data
}

/** RFC 9110, section 10.2.3: seconds, or a date. */
function retryAfterMs({ headers }: Response): number | null {
  const text = headers.get('retry-after') ?? ''
  if (/^\d+$/.test(text)) return Number(text) * 1_000
  const at = Date.parse(text)
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now())
}
