import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import type { Bar } from '../report.js'
import type { StreamsPart } from './part.js'
import { append, newEvents } from './storage-client.js'
import { startStorageProcess } from './storage-process.js'

const batch = 100
const writers = 16
const streams = 1_000

/** How fast events get into streams, through GraphQL over HTTP at the storage subgraph. */
export const appendPart: StreamsPart = {
  name: 'append',
  measure: async ({ quick }) => {
    const storage = await startStorageProcess()
    try {
      const gql = storage.as(testTenant())
      const seconds = quick ? 2 : 10
      // The first ones load code that later ones find in place.
      await perSecond(1, 1, (n) => append(gql, 'warm-up', newEvents(1, n)))
      const single = await perSecond(seconds, 1, (n) => append(gql, 'one', newEvents(1, n)))
      const batches = await perSecond(seconds, 1, (n) =>
        append(gql, 'batched', newEvents(batch, n * batch)),
      )
      const contended = await perSecond(seconds, writers, (n) =>
        append(gql, 'contended', newEvents(1, n)),
      )
      const spread = await perSecond(seconds, writers, (n) => appendSpread(gql, n))
      return [
        bar('append, one writer, one stream, one by one', single, 150),
        bar(`append, one writer, one stream, ${batch} at a time`, batches * batch, 4_000),
        bar(`append, ${writers} writers, one stream, one by one`, contended, 100),
        bar(`append, ${writers} writers over ${streams} streams, one by one`, spread, 400),
      ]
    } finally {
      await storage.stop()
    }
  },
}

function appendSpread(gql: GraphQLClient, n: number): Promise<void> {
  return append(gql, `stream-${n % streams}`, newEvents(1, n))
}

/** How often the work is done in a second by so many at a time. */
async function perSecond(
  seconds: number,
  parallel: number,
  work: (n: number) => Promise<void>,
): Promise<number> {
  const begunAt = performance.now()
  const untilMs = begunAt + seconds * 1_000
  let done = 0
  let next = 0
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      while (performance.now() < untilMs) {
        const n = next
        next += 1
        await work(n)
        done += 1
      }
    }),
  )
  return (done * 1_000) / (performance.now() - begunAt)
}

function bar(name: string, value: number, goal: number): Bar {
  return { name, value, unit: 'events/s', goal, direction: 'min' }
}
