import { randomBytes } from 'node:crypto'
import { connect, type Socket } from 'node:net'

// A subscriber that costs the load process as little as can be: ten thousand of them share a core
// with what publishes. It reads frames from a TCP socket and looks for one number in each.

export interface Received {
  /** The number in the event, and when it was read. */
  (n: number, at: number): void
}

export interface RawSubscriber {
  close(): void
}

const marker = Buffer.from('"n":')
const opcodes = { text: 1, close: 8, ping: 9 } as const

/** Resolves when the subscription has been sent. */
export function subscribeRaw(
  port: number,
  given: {
    readonly token?: string | undefined
    readonly query: string
    readonly variables: object
    readonly onEvent: Received
    readonly onEnd: (reason: string) => void
  },
): Promise<RawSubscriber> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    let upgraded = false
    let rest: Buffer = Buffer.alloc(0)
    socket.on('error', (error) => (upgraded ? given.onEnd(error.message) : reject(error)))
    socket.on('close', () => given.onEnd('closed'))
    socket.write(
      [
        'GET /graphql HTTP/1.1',
        `Host: 127.0.0.1:${port}`,
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
        'Sec-WebSocket-Protocol: graphql-transport-ws',
        '',
        '',
      ].join('\r\n'),
    )
    socket.on('data', (chunk) => {
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      if (!upgraded) {
        const end = rest.indexOf('\r\n\r\n')
        if (end < 0) return
        if (!rest.subarray(0, 12).equals(Buffer.from('HTTP/1.1 101'))) {
          return reject(new Error(rest.toString('utf8')))
        }
        upgraded = true
        rest = rest.subarray(end + 4)
        const payload = given.token === undefined ? {} : { authorization: `Bearer ${given.token}` }
        sendFrame(socket, opcodes.text, JSON.stringify({ type: 'connection_init', payload }))
      }
      rest = readFrames(rest, (opcode, data) => {
        if (opcode === opcodes.ping) return sendFrame(socket, 10, data)
        if (opcode === opcodes.close) return given.onEnd(data.subarray(2).toString('utf8'))
        const at = data.indexOf(marker)
        if (at >= 0) return given.onEvent(numberAt(data, at + marker.length), performance.now())
        const text = data.toString('utf8')
        if (!text.includes('connection_ack')) return given.onEnd(text)
        const { query, variables } = given
        const message = { id: '1', type: 'subscribe', payload: { query, variables } }
        sendFrame(socket, opcodes.text, JSON.stringify(message))
        return resolve({ close: () => socket.destroy() })
      })
    })
  })
}

function readFrames(data: Buffer, onFrame: (opcode: number, payload: Buffer) => void): Buffer {
  let at = 0
  while (data.length - at >= 2) {
    const short = data.readUInt8(at + 1) & 0x7f
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (data.length - at < head) break
    const length =
      short < 126
        ? short
        : short === 126
          ? data.readUInt16BE(at + 2)
          : Number(data.readBigUInt64BE(at + 2))
    if (data.length - at < head + length) break
    onFrame(data.readUInt8(at) & 0x0f, data.subarray(at + head, at + head + length))
    at += head + length
  }
  return data.subarray(at)
}

function numberAt(data: Buffer, start: number): number {
  let value = 0
  for (let at = start; ; at += 1) {
    const digit = (data[at] ?? 0) - 48
    if (digit < 0 || digit > 9) return value
    value = value * 10 + digit
  }
}

/** Masked, as RFC 6455, section 5.3, asks of clients; with zeros, which costs nothing. */
function sendFrame(socket: Socket, opcode: number, payload: string | Buffer): void {
  const body = Buffer.from(payload)
  const isShort = body.length < 126
  const head = Buffer.alloc(isShort ? 6 : 8)
  head[0] = 0x80 | opcode
  head[1] = 0x80 | (isShort ? body.length : 126)
  if (!isShort) head.writeUInt16BE(body.length, 2)
  socket.write(Buffer.concat([head, body]))
}
