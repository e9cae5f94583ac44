import type { HeirloomClient } from './client.js'
import type { AnyDocument, Document } from './document.js'
import type { GraphQLAnswerError, HeirloomError } from './heirloom-error.js'
import type { Variables } from './http.js'
import type { SubscribeOptions, Subscription } from './subscription.js'

/** What the link for Apollo Client and the exchange for urql have in common. */
export interface BridgeOptions {
  /** A cursor that was stored; also the variable `after` of the operation is taken for one. */
  readonly after?: (operation: BridgedOperation) => string | undefined
  /** The cursor of every event, after whoever asked for it was given the event. */
  readonly onCursor?: (cursor: string, operation: BridgedOperation) => void
  /** For a field whose present end the client does not know how to ask for. */
  readonly start?: (operation: BridgedOperation) => SubscribeOptions<unknown>['start']
  readonly onStart?: (cursor: string, operation: BridgedOperation) => void
  readonly onInterruption?: (
    error: HeirloomError,
    retryInMs: number,
    operation: BridgedOperation,
  ) => void
  readonly onCursorRefused?: (
    error: HeirloomError,
    operation: BridgedOperation,
  ) => string | undefined | Promise<string | undefined>
}

export interface BridgedOperation {
  readonly document: AnyDocument
  readonly variables: Variables
  readonly operationName: string | undefined
}

export interface BridgedResult {
  readonly data: Record<string, unknown>
  readonly errors?: readonly GraphQLAnswerError[]
}

interface Observer {
  readonly next: (result: BridgedResult) => void
  readonly error: (error: unknown) => void
  readonly complete: () => void
}

/** Hands out every result once and in order; what ends it is an error, except for its own close. */
export function bridge(
  client: HeirloomClient,
  operation: BridgedOperation,
  options: BridgeOptions,
  observer: Observer,
): { close(): void } {
  const { after: given, ...variables } = operation.variables
  const variable = typeof given === 'string' ? given : undefined
  const { onStart, onInterruption, onCursorRefused } = options
  let subscription: Subscription
  try {
    subscription = client.subscribe(operation.document as Document, variables, {
      after: options.after?.(operation) ?? variable,
      start: options.start?.(operation),
      onEvent: (_event, { cursor, data, errors }) => {
        const result = { data: data as Record<string, unknown> }
        observer.next(errors.length === 0 ? result : { ...result, errors })
        options.onCursor?.(cursor, operation)
      },
      onError: (error) => observer.error(error),
      ...(onStart && { onStart: (cursor) => onStart(cursor, operation) }),
      ...(onInterruption && {
        onInterruption: (error, retryInMs) => onInterruption(error, retryInMs, operation),
      }),
      ...(onCursorRefused && { onCursorRefused: (error) => onCursorRefused(error, operation) }),
    })
  } catch (error) {
    observer.error(error)
    return { close: () => undefined }
  }
  return subscription
}
