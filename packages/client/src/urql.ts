import { subscriptionExchange, type Exchange } from '@urql/core'
import { bridge, type BridgeOptions } from './bridge.js'
import type { HeirloomClient } from './client.js'

export type { BridgedOperation, BridgeOptions } from './bridge.js'

/**
 * An exchange for urql (@urql/core 6) that runs subscriptions over the given client, which resumes
 * them by itself: every event once and in order. Put it before `fetchExchange`.
 */
export function createHeirloomExchange(
  client: HeirloomClient,
  options: BridgeOptions = {},
): Exchange {
  return subscriptionExchange({
    forwardSubscription: ({ variables }, { query: document }) => ({
      subscribe: (sink) => {
        const operation = {
          document,
          variables: { ...(variables as Record<string, unknown> | undefined) },
          operationName: undefined,
        }
        const subscription = bridge(client, operation, options, {
          next: ({ data, errors }) => sink.next({ data, ...(errors && { errors: [...errors] }) }),
          error: (error) => sink.error(error),
          complete: () => sink.complete(),
        })
        return { unsubscribe: () => subscription.close() }
      },
    }),
  })
}
