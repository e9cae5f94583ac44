import type { TenantContext } from '@heirloom/tenancy'
import { testTenant } from '@heirloom/testkit'
import { percentile } from '../report.js'
import type { StreamsPart } from './part.js'
import { append, newEvents, openSocket, subscribe } from './storage-client.js'
import { startStorageProcess, type StorageProcess } from './storage-process.js'

const batch = 500
const socketCount = 4

/** How fast one subscriber gets what it missed, and what a waiting one costs the process. */
export const catchUpPart: StreamsPart = {
  name: 'catch-up',
  measure: async ({ quick }) => {
    const missed = quick ? 20_000 : 100_000
    const subscribers = quick ? 400 : 2_000
    const storage = await startStorageProcess()
    try {
      const tenant = testTenant()
      const gql = storage.as(tenant)
      const start = await gql<{ streamEnd: string }>('{ streamEnd(streamId: "missed") }')
      const after = start.data?.streamEnd
      if (after === undefined) throw new Error(`no start: ${JSON.stringify(start.errors)}`)
      for (let from = 0; from < missed; from += batch) {
        await append(gql, 'missed', newEvents(batch, from))
      }
      const rates: number[] = []
      const costs: number[] = []
      for (let round = quick ? 1 : 0; round < 4; round += 1) {
        const cpuBefore = await storage.cpuMs()
        const rate = await catchUp(storage, tenant, after, missed)
        // The first round only warms up.
        if (round === 0) continue
        rates.push(rate)
        costs.push((1_000 * ((await storage.cpuMs()) - cpuBefore)) / missed)
      }
      const shared = await memoryPerSubscriber(storage, tenant, subscribers, () => 'followed')
      const spread = await memoryPerSubscriber(storage, tenant, subscribers, (n) => `own-${n}`)
      return [
        {
          name: `catch-up of ${missed} missed events, one subscriber`,
          value: percentile(rates, 0.5),
          unit: 'events/s',
          goal: 20_000,
          direction: 'min',
        },
        {
          name: 'catch-up, processor time of the storage subgraph per event',
          value: percentile(costs, 0.5),
          unit: 'µs',
          goal: 45,
          direction: 'max',
        },
        {
          name: `storage memory per subscriber, ${subscribers} on one stream`,
          value: shared,
          unit: 'KB',
          goal: 15,
          direction: 'max',
        },
        {
          name: `storage memory per subscriber, each on a stream of its own`,
          value: spread,
          unit: 'KB',
          goal: 25,
          direction: 'max',
        },
      ]
    } finally {
      await storage.stop()
    }
  },
}

/** Events per second, from the subscription to the last of them; each is looked at. */
async function catchUp(
  storage: StorageProcess,
  tenant: TenantContext,
  after: string,
  missed: number,
): Promise<number> {
  const socket = await openSocket(storage.url, await storage.token(tenant))
  const begunAt = performance.now()
  await new Promise<void>((resolve, reject) => {
    let count = 0
    socket.on('close', (code) => reject(new Error(`the socket closed with ${code}`)))
    socket.on('message', (text: Buffer) => {
      const message = text.toString()
      if (!message.includes(`"id":"e${count}"`)) {
        reject(new Error(`not the event that is due: ${message.slice(0, 300)}`))
      }
      count += 1
      if (count === missed) resolve()
    })
    subscribe(socket, '1', { streamId: 'missed', after })
  })
  const seconds = (performance.now() - begunAt) / 1_000
  socket.removeAllListeners('close').close()
  return missed / seconds
}

async function memoryPerSubscriber(
  storage: StorageProcess,
  tenant: TenantContext,
  count: number,
  streamOf: (n: number) => string,
): Promise<number> {
  // Some first, so that what is loaded and allocated once is not counted.
  const before = await withSubscribers(storage, tenant, count / 4, streamOf)
  const after = await withSubscribers(storage, tenant, count, streamOf)
  return Math.max(0, (after - before) / (count - count / 4) / 1_024)
}

/** What lives while so many wait for an event. */
async function withSubscribers(
  storage: StorageProcess,
  tenant: TenantContext,
  count: number,
  streamOf: (n: number) => string,
): Promise<number> {
  const token = await storage.token(tenant)
  const sockets = await Promise.all(
    Array.from({ length: socketCount }, () => openSocket(storage.url, token)),
  )
  let begun = 0
  const all = new Promise<void>((resolve) => {
    for (const socket of sockets) {
      // Told ahead of the first event: where "now" is.
      socket.on('message', () => {
        begun += 1
        if (begun === count) resolve()
      })
    }
  })
  for (let n = 0; n < count; n += 1) {
    const socket = sockets[n % socketCount]
    if (socket !== undefined) subscribe(socket, String(n), { streamId: streamOf(n) })
  }
  await all
  const bytes = await storage.liveBytes()
  for (const socket of sockets) socket.terminate()
  return bytes
}
