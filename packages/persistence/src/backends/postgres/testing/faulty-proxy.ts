import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

export interface FaultyProxy {
  /** The address of the server behind it, by way of the proxy. */
  readonly url: string
  /** What happens from now on, to connections that there are as well. */
  set(fault: 'none' | 'silence' | 'lose answers'): void
  /** Hangs up on everybody. */
  cut(): void
  stop(): Promise<void>
}

/** Stands between a client and a real server, and spoils what they say to each other. */
export async function startFaultyProxy(url: string): Promise<FaultyProxy> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let fault: Parameters<FaultyProxy['set']>[0] = 'none'

  const server = createServer((client) => {
    const behind = connect(Number(target.port), target.hostname)
    for (const socket of [client, behind]) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        behind.destroy()
      })
    }
    client.on('data', (chunk) => {
      if (fault !== 'silence') behind.write(chunk)
    })
    behind.on('data', (chunk) => {
      if (fault === 'none') client.write(chunk)
      else if (fault === 'lose answers') client.destroy()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const own = new URL(url)
  own.hostname = '127.0.0.1'
  own.port = String((server.address() as AddressInfo).port)
  const cut = (): void => {
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: own.href,
    set: (next) => {
      fault = next
    },
    cut,
    stop: async () => {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
