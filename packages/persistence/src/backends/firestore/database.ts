import type { CallOptions, CancellableStream } from 'google-gax'
import { createCalls, type CallTiming } from './calls.js'
import type { Clients, DataClient } from './clients.js'
import type { WireDocument } from './documents.js'
import { isAboutCredentials, isRefusal, translate, type Where } from './errors.js'
import type { WireTimestamp, WireValue } from './values.js'

/** google.firestore.v1.Write, as far as it is used. */
export interface WireWrite {
  readonly update?: { readonly name: string; readonly fields: Record<string, WireValue> }
  readonly delete?: string
  readonly currentDocument?: { readonly exists?: boolean; readonly updateTime?: WireTimestamp }
  readonly updateTransforms?: { fieldPath: string; setToServerValue: 'REQUEST_TIME' }[]
}

/** google.firestore.v1.StructuredQuery, as far as it is used. */
export interface WireQuery {
  readonly from: { collectionId?: string; allDescendants?: boolean }[]
  readonly where?: {
    readonly compositeFilter: { readonly op: 'AND'; readonly filters: WireFilter[] }
  }
  readonly orderBy: { field: { fieldPath: string }; direction: 'ASCENDING' | 'DESCENDING' }[]
  readonly limit: { readonly value: number }
}
export interface WireFilter {
  readonly fieldFilter: {
    readonly field: { readonly fieldPath: string }
    readonly op: 'GREATER_THAN' | 'GREATER_THAN_OR_EQUAL' | 'LESS_THAN'
    readonly value: WireValue
  }
}

/** A commit whose precondition failed: nothing was written, unless an attempt before it was. */
export class Refused extends Error {
  override readonly name = 'Refused'
  constructor(
    readonly uncertain: boolean,
    cause: unknown,
  ) {
    super('a precondition failed', { cause })
  }
}

export interface QueryAnswer {
  readonly documents: readonly WireDocument[]
  /** The moment that all of the documents are of. */
  readonly readTime: WireTimestamp
  /** The answer was cut off, because it was large. */
  readonly cut: boolean
}

/**
 * One database, request by request.
 * @throws AppError BACKEND_UNAVAILABLE, TIMEOUT, PAYLOAD_TOO_LARGE, INTERNAL
 */
export interface Database {
  readonly clients: Clients
  readonly where: Where
  /** `projects/{project}/databases/{database}` */
  readonly name: string
  /** Sent with every request; routes it to the database. */
  readonly headers: Readonly<Record<string, string>>
  /** Those that are there, at one moment. */
  get(names: readonly string[]): Promise<readonly WireDocument[]>
  query(parent: string, query: WireQuery, readTime: WireTimestamp | null): Promise<QueryAnswer>
  /** A query for which nobody waits, and which may take long. */
  scan(parent: string, query: WireQuery): Promise<QueryAnswer>
  /** All or nothing; the time of each write. @throws Refused */
  commit(writes: readonly WireWrite[]): Promise<readonly WireTimestamp[]>
}

/** What one answer keeps in memory, roughly; a page ends early with it. */
const maxAnswerBytes = 8 * 1_048_576
const scanTiming: CallTiming = { attemptTimeoutMs: 30_000, totalTimeoutMs: 60_000 }

export function createDatabase(
  clients: Clients,
  where: Where,
  emulated: boolean,
  timing: CallTiming,
): Database {
  const name = `projects/${where.project}/databases/${where.database}`
  const headers = {
    'google-cloud-resource-prefix': name,
    // An emulator takes this for an administrator, whom security rules do not concern.
    ...(emulated ? { authorization: 'Bearer owner' } : {}),
  }
  const call = createCalls(headers, timing)
  const patientCall = createCalls(headers, { ...timing, ...scanTiming })

  async function request<T>(
    attempt: (client: DataClient, options: CallOptions, uncertain: boolean) => Promise<T>,
    by = call,
  ): Promise<T> {
    try {
      return await by(async (options, uncertain) =>
        attempt(await clients.data(), options, uncertain),
      )
    } catch (error) {
      if (error instanceof Refused) throw error
      if (isAboutCredentials(error)) clients.forget()
      throw translate(error, where)
    }
  }

  async function run(
    client: DataClient,
    options: CallOptions,
    asked: { parent: string; structuredQuery: WireQuery; readTime?: WireTimestamp },
  ): Promise<QueryAnswer> {
    const stream = client.runQuery(asked, options)
    const documents: WireDocument[] = []
    let time: WireTimestamp = asked.readTime ?? {}
    let bytes = 0
    const whole = await receive(stream, (answer) => {
      time = answer.readTime ?? time
      if (!answer.document) return true
      documents.push(answer.document)
      bytes += roughBytes(answer.document.fields?.['value'] ?? answer.document.fields?.['json'])
      return bytes < maxAnswerBytes
    })
    return { documents, readTime: time, cut: !whole }
  }

  return {
    clients,
    where,
    name,
    headers,
    get: (names) =>
      request(async (client, options) => {
        const stream = client.batchGetDocuments({ database: name, documents: [...names] }, options)
        const found: WireDocument[] = []
        await receive(stream, (answer) => {
          if (answer.found) found.push(answer.found)
          return true
        })
        return found
      }),
    query: (parent, structuredQuery, readTime) =>
      request((client, options) =>
        run(client, options, {
          parent,
          structuredQuery,
          ...(readTime === null ? {} : { readTime }),
        }),
      ),
    scan: (parent, structuredQuery) =>
      request((client, options) => run(client, options, { parent, structuredQuery }), patientCall),
    commit: (writes) =>
      request(async (client, options, uncertain) => {
        try {
          const [answer] = await client.commit({ database: name, writes: [...writes] }, options)
          return (answer.writeResults ?? []).map(
            (result) => result.updateTime ?? answer.commitTime ?? {},
          )
        } catch (error) {
          if (isRefusal(error)) throw new Refused(uncertain, error)
          throw error
        }
      }),
  }
}

/** Of a query or of a read of documents, as far as it is used. */
interface StreamMessage {
  readonly found?: WireDocument | null
  readonly document?: WireDocument | null
  readonly readTime?: WireTimestamp | null
}

/**
 * True when all was received, false when `take` wanted no more. By events: the client emits data
 * without making it readable, so that an iterator would wait for ever.
 */
function receive(
  stream: CancellableStream,
  take: (message: StreamMessage) => boolean,
): Promise<boolean> {
  return new Promise((resolve, reject) => {
    stream.on('data', (message: StreamMessage) => {
      if (take(message)) return
      resolve(false)
      stream.cancel()
    })
    stream.on('end', () => resolve(true))
    stream.on('error', reject)
  })
}

const scalarBytes = 16

function roughBytes(value: WireValue | undefined): number {
  if (value === undefined) return 0
  if (typeof value.stringValue === 'string') return value.stringValue.length + scalarBytes
  const inner = value.arrayValue?.values ?? Object.values(value.mapValue?.fields ?? {})
  return inner.reduce((sum, one) => sum + roughBytes(one), scalarBytes)
}
