import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer, type WebSocket } from 'ws'

/** As little of a subgraph as can be followed: its logs are in memory, its cursors are numbers. */
export interface SourceSubgraph {
  readonly sdl: string
  readonly url: string
  /** Subscriptions that it serves now. */
  readonly followers: number
  append(stream: string, event: SourceEvent): void
  close(): void
}

export interface SourceEvent {
  readonly n: number
  readonly text: string
}

interface Message {
  readonly id: string
  readonly type: string
  readonly payload?: {
    readonly query: string
    readonly variables: { readonly stream?: string; readonly [name: string]: unknown }
  }
}

const sdl = `
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query { ready: Boolean! }
  type Subscription { followed(stream: ID!, after: String): Entry! }
  type Entry { cursor: String! n: Int! text: String! }`

export async function startSourceSubgraph(): Promise<SourceSubgraph> {
  const logs = new Map<string, SourceEvent[]>()
  const followers = new Map<string, Set<(event: SourceEvent, cursor: number) => void>>()
  let count = 0
  const http = createServer((_request, response) => response.end('{"data":{"ready":true}}'))
  const sockets = new WebSocketServer({ server: http, perMessageDeflate: false })

  function follow(socket: WebSocket, { id, payload }: Message): void {
    if (payload === undefined) return
    const { stream = /stream:\s*"(\w+)"/.exec(payload.query)?.[1] ?? '', ...rest } =
      payload.variables
    const alias = /(\w+):\s*cursor/.exec(payload.query)?.[1] ?? 'cursor'
    const send = ({ n, text }: SourceEvent, cursor: number): void => {
      const followed = { n, text, [alias]: `c${cursor}` }
      socket.send(JSON.stringify({ id, type: 'next', payload: { data: { followed } } }))
    }
    const log = logOf(stream)
    const after = Object.values(rest).find((value) => typeof value === 'string')
    const start = typeof after === 'string' ? Number(after.slice(1)) : log.length
    if (after === undefined) {
      const extensions = { start_cursor: `c${start}` }
      socket.send(JSON.stringify({ id, type: 'next', payload: { data: null, extensions } }))
    }
    for (const [index, event] of log.slice(start).entries()) send(event, start + index + 1)
    const all = followers.get(stream) ?? new Set()
    followers.set(stream, all.add(send))
    count += 1
    socket.once('close', () => {
      all.delete(send)
      count -= 1
    })
  }

  function logOf(stream: string): SourceEvent[] {
    const log = logs.get(stream) ?? []
    logs.set(stream, log)
    return log
  }

  sockets.on('connection', (socket) => {
    socket.on('message', (text: Buffer) => {
      const message = JSON.parse(text.toString('utf8')) as Message
      if (message.type === 'connection_init') socket.send('{"type":"connection_ack"}')
      if (message.type === 'subscribe') follow(socket, message)
    })
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  return {
    sdl,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/graphql`,
    get followers() {
      return count
    },
    append: (stream, event) => {
      const log = logOf(stream)
      log.push(event)
      for (const send of followers.get(stream) ?? []) send(event, log.length)
    },
    close: () => {
      for (const client of sockets.clients) client.terminate()
      sockets.close()
      http.close()
    },
  }
}
