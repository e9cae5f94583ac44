import { createServer, type Server } from 'node:net'
import { AppError } from '@heirloom/errors'

/**
 * Binds a server to 127.0.0.1 and resolves to its port.
 * @throws AppError CONFLICT when the port is taken
 */
export async function listen(server: Server, port: number, what: string): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
  } catch (cause) {
    throw portTaken(cause, port, what)
  }
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  return address.port
}

/** Turns EADDRINUSE into words; anything else passes through. */
export function portTaken(cause: unknown, port: number, what: string): unknown {
  if (!(cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE')) return cause
  return new AppError(
    'CONFLICT',
    `port ${port}, wanted for ${what}, is in use by another program`,
    {
      cause,
      details: { port },
    },
  )
}

/** A port that nobody listens on right now; somebody else may take it before it is used. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const port = await listen(server, 0, 'a probe')
  await new Promise((resolve) => server.close(resolve))
  return port
}
