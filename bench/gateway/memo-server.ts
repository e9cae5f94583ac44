import { createServer, type Server, type Socket } from 'node:net'

/** Answers a request's body. Asked once for each body; the answer is remembered. */
export type Answer = (body: string) => Promise<string>

/**
 * An HTTP server that costs next to nothing, so that what is measured is the gateway in front of
 * it: it knows requests with a content-length alone, and answers each body from memory.
 */
export function createMemoServer(answer: Answer): Server {
  const known = new Map<string, Promise<Buffer>>()
  return createServer({ noDelay: true }, (socket) => {
    let pending = ''
    let last: Promise<unknown> = Promise.resolve()
    socket.on('error', () => socket.destroy())
    socket.on('data', (bytes) => {
      pending += bytes.toString('latin1')
      for (;;) {
        const end = pending.indexOf('\r\n\r\n')
        if (end < 0) return
        const length = lengthIn(pending.slice(0, end))
        if (length === undefined) return refuse(socket, pending.slice(0, end))
        if (pending.length < end + 4 + length) return
        const body = pending.slice(end + 4, end + 4 + length)
        pending = pending.slice(end + 4 + length)
        const found = known.get(body) ?? remember(body)
        last = last.then(() => found).then((answered) => socket.write(answered))
      }
    })
  })

  function remember(body: string): Promise<Buffer> {
    const made = answer(Buffer.from(body, 'latin1').toString()).then((text) => {
      const length = Buffer.byteLength(text)
      const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n`
      return Buffer.from(`${head}connection: keep-alive\r\n\r\n${text}`)
    })
    known.set(body, made)
    return made
  }
}

function lengthIn(head: string): number | undefined {
  if (head.startsWith('GET ')) return 0
  const found = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  return found === undefined ? undefined : Number(found)
}

function refuse(socket: Socket, head: string): void {
  console.error(`a request that the memo server does not know:\n${head}`)
  socket.destroy()
}
