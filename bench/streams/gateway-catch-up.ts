import { percentile, type Bar } from '../report.js'
import { startGatewayProcess } from './fan-out-gateway.js'
import type { StreamsPart } from './part.js'
import { pinLoad, unpinLoad } from './pinned-process.js'
import { subscribeRaw } from './raw-subscriber.js'
import { startSourceSubgraph } from './source-subgraph.js'

const text = 'What was told on that evening, and by whom. '.repeat(6)
const rounds = 3

/** How fast the gateway hands on what one subscriber missed, whatever its subgraph can do. */
export const gatewayCatchUpPart: StreamsPart = {
  name: 'gateway-catch-up',
  measure: async ({ quick }) => {
    const missed = quick ? 20_000 : 100_000
    pinLoad()
    const source = await startSourceSubgraph()
    const gateway = await startGatewayProcess(source)
    try {
      for (let n = 1; n <= missed; n += 1) source.append('missed', { n, text })
      const rates: number[] = []
      const costs: number[] = []
      // The first round only warms up.
      for (let round = 0; round <= rounds; round += 1) {
        const cpuBefore = await gateway.cpuMs()
        const begunAt = performance.now()
        await caughtUp(gateway, missed)
        if (round === 0) continue
        rates.push((1_000 * missed) / (performance.now() - begunAt))
        costs.push((1_000 * ((await gateway.cpuMs()) - cpuBefore)) / missed)
      }
      const bars: readonly Bar[] = [
        {
          name: `gateway, catch-up of ${missed} missed events`,
          value: percentile(rates, 0.5),
          unit: 'events/s',
          goal: 20_000,
          direction: 'min',
        },
        {
          name: 'gateway, catch-up: processor time per event',
          value: percentile(costs, 0.5),
          unit: 'µs',
          goal: 45,
          direction: 'max',
        },
      ]
      return bars
    } finally {
      await gateway.stop()
      source.close()
      unpinLoad()
    }
  },
}

function caughtUp(
  { port, token }: { readonly port: number; readonly token: string },
  missed: number,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let last = 0
    const subscribed = subscribeRaw(port, {
      token,
      query: `subscription ($after: String) {
        followed(stream: "missed", after: $after) { n text } }`,
      variables: { after: 'c0' },
      onEvent: (n) => {
        if (n !== last + 1) reject(new Error(`event ${n} came after ${last}`))
        last = n
        if (n < missed) return
        resolve(subscribed.then((subscriber) => subscriber.close()))
      },
      onEnd: (reason) => reject(new Error(reason)),
    })
    subscribed.catch(reject)
  })
}
