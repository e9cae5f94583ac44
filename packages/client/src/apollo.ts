import { ApolloLink } from '@apollo/client'
import { OperationTypeNode } from 'graphql'
import { Observable } from 'rxjs'
import { bridge, type BridgeOptions } from './bridge.js'
import type { HeirloomClient } from './client.js'

export type { BridgedOperation, BridgeOptions } from './bridge.js'

/**
 * A link for Apollo Client 4 that runs subscriptions over the given client, which resumes them by
 * itself: every event once and in order. Queries and mutations go on to the next link.
 */
export function createHeirloomLink(
  client: HeirloomClient,
  options: BridgeOptions = {},
): ApolloLink {
  return new ApolloLink((operation, forward) => {
    if (operation.operationType !== OperationTypeNode.SUBSCRIPTION) return forward(operation)
    return new Observable((observer) => {
      const { query: document, variables, operationName } = operation
      const subscription = bridge(client, { document, variables, operationName }, options, {
        next: ({ data, errors }) => observer.next({ data, ...(errors && { errors: [...errors] }) }),
        error: (error) => observer.error(error),
        complete: () => observer.complete(),
      })
      return () => subscription.close()
    })
  })
}
