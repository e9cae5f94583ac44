import type { Socket } from 'node:net'

// A WebSocket frame around a `next` message of graphql-transport-ws, put together from what all
// subscribers share and the little that is a subscriber's own, its operation id. Unfragmented,
// unmasked, not compressed (RFC 6455, section 5.2); so it may be written between any two frames
// that the library writes, each of which it hands over as a whole.

const finalText = 0x81
const brace = 0x7d
/** Results up to this size are copied into one write; larger ones are shared by all sockets. */
const maxCopied = 16 * 1024

/** What a message says before its result. */
export function nextPrefix(id: string): Buffer {
  return Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`)
}

export function writeNext(socket: Socket, prefix: Buffer, json: Buffer): void {
  const length = prefix.length + json.length + 1
  if (json.length > maxCopied) {
    const head = Buffer.allocUnsafe(headerLength(length) + prefix.length)
    prefix.copy(head, writeHeader(head, length))
    socket.cork()
    socket.write(head)
    socket.write(json)
    socket.write(end)
    socket.uncork()
    return
  }
  const frame = Buffer.allocUnsafe(headerLength(length) + length)
  const start = writeHeader(frame, length)
  prefix.copy(frame, start)
  json.copy(frame, start + prefix.length)
  frame[frame.length - 1] = brace
  socket.write(frame)
}

const end = Buffer.from([brace])

function headerLength(length: number): number {
  return length < 126 ? 2 : length < 65_536 ? 4 : 10
}

/** Returns where the payload begins. */
function writeHeader(target: Buffer, length: number): number {
  target[0] = finalText
  if (length < 126) {
    target[1] = length
    return 2
  }
  if (length < 65_536) {
    target[1] = 126
    target.writeUInt16BE(length, 2)
    return 4
  }
  target[1] = 127
  target.writeBigUInt64BE(BigInt(length), 2)
  return 10
}
