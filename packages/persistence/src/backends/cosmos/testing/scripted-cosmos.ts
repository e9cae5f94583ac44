import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

export type CosmosAnswer =
  | {
      readonly status: number
      readonly substatus?: number
      readonly retryAfterMs?: number
      readonly body?: unknown
    }
  /** What the answer depends on: the body that was sent. */
  | ((body: unknown) => { readonly status: number; readonly body?: unknown })
  | 'silence'
  | 'hang up'

export interface ScriptedCosmos {
  readonly endpoint: string
  /** `POST …/docs` and when it came, in milliseconds. */
  readonly requests: { readonly what: string; readonly at: number; readonly body: unknown }[]
  /** From now on; the last answer is repeated. */
  answer(...answers: readonly CosmosAnswer[]): void
  /** The same to everything, to questions about the container as well. */
  answerAll(answer: CosmosAnswer): void
  stop(): Promise<void>
}

/** Answers what Cosmos answers when it fails, which no server that stands in for it does. */
export async function startScriptedCosmos(): Promise<ScriptedCosmos> {
  const requests: ScriptedCosmos['requests'] = []
  let script: CosmosAnswer[] = []
  let containerIsThere = true
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readBody(request)
      // What the SDK asks for by itself: the container's partition key before the first write, and
      // a plan for every query, of which it makes no use here.
      if (request.headers['x-ms-cosmos-is-query-plan-request']) {
        response.statusCode = 400
        response.end(JSON.stringify({ message: 'no plan' }))
        return
      }
      const isContainer = /^\/dbs\/[^/]+\/colls\/[^/]+$/.test(request.url ?? '')
      if (isContainer && containerIsThere) {
        response.end(JSON.stringify({ id: 'records', partitionKey: { paths: ['/pk'] } }))
        return
      }
      requests.push({ what: `${request.method} ${kindOf(request)}`, at: performance.now(), body })
      const next = script.length > 1 ? script.shift() : script[0]
      if (next === undefined || next === 'silence') return
      if (next === 'hang up') {
        request.socket.destroy()
        return
      }
      const answer = typeof next === 'function' ? { ...next(body) } : next
      response.statusCode = answer.status
      if ('substatus' in answer) response.setHeader('x-ms-substatus', String(answer.substatus))
      if ('retryAfterMs' in answer) {
        response.setHeader('x-ms-retry-after-ms', String(answer.retryAfterMs))
      }
      response.end(JSON.stringify(answer.body ?? { message: 'as the script says' }))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    answer: (...answers) => {
      requests.length = 0
      script = [...answers]
      containerIsThere = true
    },
    answerAll: (answer) => {
      requests.length = 0
      script = [answer]
      containerIsThere = false
    },
    stop: async () => {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

function kindOf({ headers, url = '' }: IncomingMessage): string {
  if (headers['x-ms-cosmos-is-batch-request']) return 'batch'
  if (headers['x-ms-documentdb-isquery']) return 'query'
  if (headers['x-ms-documentdb-is-upsert']) return 'upsert'
  return url.split('/').slice(5, 6).join('')
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString('utf8')
  return text === '' ? null : (JSON.parse(text) as unknown)
}
