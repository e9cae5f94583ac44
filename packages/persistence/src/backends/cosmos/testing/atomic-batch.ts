/**
 * A batch of the test server that is all or nothing. Its own leaves behind what it wrote before the
 * operation that failed, and looks for the partition key in each operation, where the service takes
 * it from the request. What this adds, only the service itself can vouch for: docs/backends.md
 * names the tests.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'

interface Documents {
  _data: Map<string, unknown>
  _index: Map<string, string>
}
interface Collection {
  readonly documents: Documents
  read(): unknown
}
interface Account {
  database(id: string): { collection(id: string): Collection }
}
interface Input {
  readonly operationType: string
  partitionKey?: unknown
}
interface Result {
  readonly statusCode: number
  readonly body?: { readonly _etag?: string }
}
type Operations = Readonly<Record<string, (collection: Collection, input: Input) => Result>>

const failedDependency = 424
const multiStatus = 207

export function atomicBatch(require: NodeJS.Require) {
  const lib = '@vercel/cosmosdb-server/lib'
  const operations = require(`${lib}/handler/_document-operations`) as Operations
  const { default: readJson } = require(`${lib}/json`) as {
    default: (request: IncomingMessage) => Promise<readonly Input[]>
  }

  return async (
    account: Account,
    request: IncomingMessage,
    response: ServerResponse,
    { dbId, collId }: { readonly dbId: string; readonly collId: string },
  ): Promise<unknown> => {
    const inputs = await readJson(request)
    const collection = account.database(dbId).collection(collId)
    if (!collection.read()) {
      response.statusCode = 404
      return {}
    }
    const { documents } = collection
    const before = { data: new Map(documents._data), index: new Map(documents._index) }
    const partitionKey = request.headers['x-ms-documentdb-partitionkey']
    const results: Result[] = []
    for (const input of inputs) {
      const run = operations[`${input.operationType.toLowerCase()}Operation`]
      const result = run?.(collection, { ...input, partitionKey }) ?? { statusCode: 400 }
      results.push(result)
      if (result.statusCode >= 400) break
    }
    const failedAt = results.findIndex(({ statusCode }) => statusCode >= 400)
    if (failedAt === -1) return results.map(answer)
    documents._data = before.data
    documents._index = before.index
    response.statusCode = multiStatus
    return inputs.map((_, index) => ({
      statusCode: index === failedAt ? results[failedAt]?.statusCode : failedDependency,
      requestCharge: 0,
    }))
  }
}

function answer({ statusCode, body }: Result): object {
  return { statusCode, requestCharge: 1, eTag: body?._etag, resourceBody: body }
}
