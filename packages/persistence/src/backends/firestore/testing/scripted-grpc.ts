import { once } from 'node:events'
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'

export type GrpcAnswer =
  | { readonly status: number; readonly message?: string }
  /** Messages as they are encoded; none for an empty stream, an empty one for defaults. */
  | { readonly messages: readonly Buffer[]; readonly status?: number }
  | 'silence'

/** What the answer depends on: the method, and the message that was sent. */
export type GrpcAnswering = (method: string, message: Buffer) => GrpcAnswer

export interface ScriptedGrpc {
  readonly endpoint: string
  /** The methods that were called, in order. */
  readonly called: string[]
  /** From now on; the last answer is repeated. */
  answer(...answers: readonly (GrpcAnswer | GrpcAnswering)[]): void
  stop(): Promise<void>
}

const prefixBytes = 5

/** Answers what Firestore answers when it fails, which no emulator does. */
export async function startScriptedGrpc(): Promise<ScriptedGrpc> {
  const called: string[] = []
  let script: (GrpcAnswer | GrpcAnswering)[] = []
  const sessions = new Set<ServerHttp2Session>()
  const server = createServer()
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined)
    const method = String(headers[':path']).split('/').at(-1) ?? ''
    called.push(method)
    const next = script.length > 1 ? script.shift() : script[0]
    if (typeof next !== 'function') {
      if (next !== undefined && next !== 'silence') respond(stream, next)
      return
    }
    const chunks: Buffer[] = []
    stream.on('data', (chunk: Buffer) => chunks.push(chunk))
    stream.on('end', () => {
      // One message, after its five bytes of length.
      const answer = next(method, Buffer.concat(chunks).subarray(prefixBytes))
      if (answer !== 'silence') respond(stream, answer)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    endpoint: `127.0.0.1:${port}`,
    called,
    answer: (...answers) => {
      called.length = 0
      script = [...answers]
    },
    stop: async () => {
      for (const session of sessions) session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

function respond(stream: ServerHttp2Stream, answer: Exclude<GrpcAnswer, 'silence'>): void {
  const head = { ':status': 200, 'content-type': 'application/grpc' }
  if (!('messages' in answer)) {
    const trailers = { 'grpc-status': String(answer.status), 'grpc-message': answer.message ?? '' }
    stream.respond({ ...head, ...trailers }, { endStream: true })
    return
  }
  stream.respond(head, { waitForTrailers: true })
  stream.on('wantTrailers', () =>
    stream.sendTrailers({ 'grpc-status': String(answer.status ?? 0) }),
  )
  for (const message of answer.messages) {
    const prefix = Buffer.alloc(prefixBytes)
    prefix.writeUInt32BE(message.length, 1)
    stream.write(Buffer.concat([prefix, message]))
  }
  stream.end()
}
