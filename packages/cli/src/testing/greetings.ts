import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildSchema, graphql } from 'graphql'
import { text } from 'node:stream/consumers'

export interface Greetings {
  readonly url: string
  close(): Promise<void>
}

/** A subgraph that greets, and says which Authorization it was sent. */
export async function startGreetings(): Promise<Greetings> {
  const schema = buildSchema('type Query { hello: String! whoami: String }')
  const server = createServer((request, response) => {
    void text(request).then(async (body) => {
      const { query } = JSON.parse(body) as { query: string }
      const { authorization } = request.headers
      const rootValue = { hello: 'Hello', whoami: authorization ?? null }
      const result = await graphql({ schema, source: query, rootValue })
      response.setHeader('content-type', 'application/json').end(JSON.stringify(result))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
