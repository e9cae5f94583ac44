import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** What a server says to one request: an error of AWS, an answer, nothing for ever, or a hang-up. */
export type Answer =
  | { readonly error: string; readonly status?: number; readonly fields?: object }
  | { readonly body: object }
  | 'silence'
  | 'hang up'

export interface ScriptedRequest {
  readonly operation: string
  readonly body: Readonly<Record<string, unknown>>
}

export interface ScriptedServer {
  readonly endpoint: string
  readonly requests: readonly ScriptedRequest[]
  /** One for each request to come; the last one for every further request. */
  answer(...answers: readonly ((request: ScriptedRequest) => Answer)[]): void
  stop(): Promise<void>
}

/** Speaks DynamoDB's protocol as far as faults go that no emulator can be brought to show. */
export async function startScriptedServer(): Promise<ScriptedServer> {
  const requests: ScriptedRequest[] = []
  let script: readonly ((request: ScriptedRequest) => Answer)[] = []
  async function reply(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(incoming)
    requests.push(request)
    const [next, ...rest] = script
    if (rest.length > 0) script = rest
    const answer = next === undefined ? { body: {} } : next(request)
    if (answer === 'silence') return
    if (answer === 'hang up') {
      incoming.socket.destroy()
      return
    }
    response.writeHead('error' in answer ? (answer.status ?? 400) : 200, {
      'content-type': 'application/x-amz-json-1.0',
    })
    response.end(JSON.stringify('error' in answer ? errorBody(answer) : answer.body))
  }

  const server = createServer((incoming, response) => void reply(incoming, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    answer: (...answers) => {
      script = answers
      requests.length = 0
    },
    stop: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function errorBody({
  error,
  fields,
}: {
  readonly error: string
  readonly fields?: object
}): object {
  const type = `com.amazonaws.dynamodb.v20120810#${error}`
  return { __type: type, message: 'as the script says', ...fields }
}

async function read(incoming: IncomingMessage): Promise<ScriptedRequest> {
  const target = String(incoming.headers['x-amz-target'])
  const body = JSON.parse(await text(incoming)) as Record<string, unknown>
  return { operation: target.slice(target.indexOf('.') + 1), body }
}
