import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { startCuttingProxy, type CuttingProxy } from './cutting-proxy.js'

let echo: Server
let proxy: CuttingProxy
beforeEach(async () => {
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    socket.pipe(socket)
  })
  await new Promise<void>((resolve) => echo.listen(0, 'localhost', resolve))
  proxy = await startCuttingProxy((echo.address() as AddressInfo).port)
})
afterEach(async () => {
  await proxy.close()
  await new Promise((resolve) => echo.close(resolve))
})

async function open(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1')
  socket.on('error', () => undefined)
  socket.write('hello')
  const [data] = (await once(socket, 'data')) as [Buffer]
  expect(data.toString()).toBe('hello')
  return socket
}

/** Also by an error, which `once` of node:events would throw. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

it('resets the connections that are chosen, and counts them', async () => {
  const sockets = [await open(), await open(), await open()]
  const closed = Promise.all(sockets.map(closing))
  expect(proxy.cut(() => false)).toBe(0)
  expect(proxy.cut()).toBe(3)
  await closed
  await expect.poll(() => proxy.open).toBe(0)
  expect(proxy.cuts).toBe(3)
})

it('closes a connection too that is on its way out', async () => {
  const socket = await open()
  const closed = closing(socket)
  // More than the buffers hold, so that the end waits behind it.
  socket.end(Buffer.alloc(8 * 1024 * 1024))
  socket.pause()
  await new Promise((resolve) => setImmediate(resolve))
  proxy.cut()
  socket.resume()
  await closed
  await expect.poll(() => proxy.open).toBe(0)
})

it('holds back what a stalled connection carries until it is let go', async () => {
  const socket = await open()
  const resume = proxy.stall()
  const answer = once(socket, 'data') as Promise<[Buffer]>
  socket.write('later')
  let isThere = false
  void answer.then(() => (isThere = true))
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(isThere).toBe(false)
  resume()
  expect((await answer)[0].toString()).toBe('later')
  socket.destroy()
})
