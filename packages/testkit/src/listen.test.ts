import { getEventListeners, once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { listen } from '@heirloom/postgres'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** Takes connections as a server does that hangs, or that has just been told to stop. */
async function fakeServer(take: (socket: Socket) => void): Promise<string> {
  const server = createServer(take).listen(0, '127.0.0.1')
  servers.push(server)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return `postgres://nobody@127.0.0.1:${port}/none`
}

describe('listening to a server that does not answer', () => {
  it('ends when it is aborted, also before it is connected', async () => {
    const stopping = new AbortController()
    let taken = (): void => undefined
    const connected = new Promise<void>((resolve) => {
      taken = resolve
    })
    const url = await fakeServer((socket) => {
      socket.on('error', () => undefined)
      taken()
    })
    const ended = listen(url, 'channel', () => undefined, stopping.signal)
    await connected
    stopping.abort()
    expect(await ended).toBeUndefined()
  })

  it('leaves nothing on the signal, however often it connects again', async () => {
    const stopping = new AbortController()
    let attempts = 0
    const url = await fakeServer((socket) => {
      socket.on('error', () => undefined)
      socket.destroy()
      attempts += 1
      if (attempts === 3) stopping.abort()
    })
    let most = 0
    const watch = setInterval(() => {
      most = Math.max(most, getEventListeners(stopping.signal, 'abort').length)
    }, 20)
    await listen(url, 'channel', () => undefined, stopping.signal)
    clearInterval(watch)
    expect(most).toBeLessThanOrEqual(1)
  })
})
