import type { Container, OperationInput } from '@azure/cosmos'
import { AppError } from '@heirloom/errors'
import { batch, MissingContainer, type Account } from './account.js'
import type { Attempt } from './calls.js'
import { HttpFailure, isRefusal, status, statusCode } from './errors.js'
import type { Item } from './items.js'
import type { Place } from './places.js'

export type Operation =
  | { readonly type: 'Create'; readonly item: Item }
  | { readonly type: 'Upsert'; readonly item: Item }
  | { readonly type: 'Replace'; readonly id: string; readonly item: Item; readonly etag: string }
  | { readonly type: 'Delete'; readonly id: string; readonly etag?: string }

/** A write whose expectation did not hold: nothing was written, unless an attempt before it was. */
export class Refused extends Error {
  override readonly name = 'Refused'
  constructor(
    readonly uncertain: boolean,
    cause: unknown,
  ) {
    super('the write was refused', { cause })
  }
}

/** "Maximum size of a batch request: 2 MB"; the same for one item. */
const maxRequestBytes = 2_000_000
/** Names and signs of an operation, roughly. */
const operationBytes = 200

/** All of them, or none; the new etag of each put. @throws Refused, AppError PAYLOAD_TOO_LARGE */
export async function send(
  account: Account,
  { container: name, pk }: Omit<Place, 'id'>,
  operations: readonly (Operation | 'cannot hold')[],
): Promise<readonly (string | null)[]> {
  const possible = operations.filter((operation) => operation !== 'cannot hold')
  checkSize(possible)
  const [only] = possible
  return account.write(
    name,
    async (container, attempt) => {
      try {
        if (only !== undefined && possible.length === 1) {
          return [await sendOne(container, pk, only, attempt)]
        }
        return await sendTogether(container, pk, possible, attempt)
      } catch (error) {
        if (isRefusal(error) && !(error instanceof MissingContainer)) {
          throw new Refused(attempt.uncertain, error)
        }
        throw error
      }
    },
    (error) => error instanceof Refused,
  )
}

async function sendOne(
  container: Container,
  pk: string,
  operation: Operation,
  { abortSignal }: Attempt,
): Promise<string | null> {
  if (operation.type === 'Create' || operation.type === 'Upsert') {
    try {
      const written =
        operation.type === 'Create'
          ? await container.items.create(operation.item, { abortSignal })
          : await container.items.upsert(operation.item, { abortSignal })
      return written.etag
    } catch (error) {
      throw statusCode(error) === status.notFound ? new MissingContainer() : error
    }
  }
  const options = {
    abortSignal,
    ...(operation.etag === undefined
      ? {}
      : { accessCondition: { type: 'IfMatch', condition: operation.etag } }),
  }
  const item = container.item(operation.id, pk)
  if (operation.type === 'Replace') return (await item.replace(operation.item, options)).etag
  try {
    await item.delete(options)
  } catch (error) {
    // What is not there need not be removed, unless somebody expects it to be there.
    if (statusCode(error) !== status.notFound || operation.etag !== undefined) throw error
  }
  return null
}

async function sendTogether(
  container: Container,
  pk: string,
  operations: readonly Operation[],
  attempt: Attempt,
): Promise<readonly (string | null)[]> {
  let results
  try {
    results = await batch(container, operations.map(inputOf), pk, attempt)
  } catch (error) {
    // Items that are missing are told by the results; this is about what holds them.
    throw statusCode(error) === status.notFound ? new MissingContainer() : error
  }
  // The one that failed has its own status, all others "failed dependency" (424).
  const failed = results.find(({ statusCode: code }) => code >= 400 && code !== failedDependency)
  if (failed !== undefined) throw new HttpFailure(failed.statusCode, undefined, 'a batch failed')
  return results.map(({ eTag }) => eTag ?? null)
}

const failedDependency = 424

function inputOf(operation: Operation): OperationInput {
  const match =
    'etag' in operation && operation.etag !== undefined ? { ifMatch: operation.etag } : {}
  if (operation.type === 'Delete') {
    return { operationType: 'Delete', id: operation.id, ...match }
  }
  const resourceBody = { ...operation.item }
  if (operation.type === 'Replace') {
    return { operationType: 'Replace', id: operation.id, resourceBody, ...match }
  }
  return { operationType: operation.type, resourceBody }
}

function checkSize(operations: readonly Operation[]): void {
  const bytes = operations.reduce(
    (sum, operation) =>
      sum +
      operationBytes +
      ('item' in operation ? Buffer.byteLength(JSON.stringify(operation.item)) : 0),
    0,
  )
  if (bytes > maxRequestBytes) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `Cosmos writes at most ${maxRequestBytes} bytes together`,
    )
  }
}
