import { connect, createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'

/**
 * A TCP proxy that misbehaves on command, as networks do: it cuts connections without a goodbye,
 * or goes silent without cutting them.
 */
export interface CuttingProxy {
  readonly port: number
  /** Connections that are open now. */
  readonly open: number
  /** Connections that were cut so far. */
  readonly cuts: number
  /** Resets connections for which `chosen` says so; how many. */
  cut(chosen?: () => boolean): number
  /** Until the returned function is called, what these connections carry is held back. */
  stall(chosen?: () => boolean): () => void
  close(): Promise<void>
}

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** To a port of this machine. */
export async function startCuttingProxy(targetPort: number): Promise<CuttingProxy> {
  const pairs = new Set<Pair>()
  let cuts = 0
  const server = createServer((client) => {
    const pair = { client, server: connect(targetPort, 'localhost') }
    pairs.add(pair)
    const end = (): void => {
      pairs.delete(pair)
      client.destroy()
      pair.server.destroy()
    }
    for (const [from, to] of [
      [client, pair.server],
      [pair.server, client],
    ] as const) {
      from.setNoDelay(true)
      from.on('error', end)
      from.on('close', end)
      from.pipe(to)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const pick = (chosen: () => boolean): Pair[] => [...pairs].filter(chosen)

  return {
    port: (server.address() as AddressInfo).port,
    get open() {
      return pairs.size
    },
    get cuts() {
      return cuts
    },
    cut: (chosen = () => true) => {
      const unlucky = pick(chosen)
      for (const pair of unlucky) {
        reset(pair.client)
        reset(pair.server)
      }
      cuts += unlucky.length
      return unlucky.length
    },
    stall: (chosen = () => true) => {
      const stalled = pick(chosen)
      for (const { client, server: upstream } of stalled) {
        client.unpipe()
        upstream.unpipe()
        client.pause()
        upstream.pause()
      }
      return () => {
        for (const pair of stalled) {
          if (!pairs.has(pair)) continue
          pair.client.pipe(pair.server)
          pair.server.pipe(pair.client)
        }
      }
    },
    close: async () => {
      for (const { client, server: upstream } of pairs) {
        client.destroy()
        upstream.destroy()
      }
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** libuv refuses to reset a socket that is being shut down, and Node 20 then never closes it. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
