import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { buildSubgraphSchema } from '@apollo/subgraph'
import { graphql, parse, type DocumentNode } from 'graphql'
import { useServer } from 'graphql-ws/use/ws'
import { WebSocketServer } from 'ws'

export interface OpenSubgraphDefinition {
  readonly name: string
  /** SDL without the link to the Federation specification. */
  readonly sdl: string
  readonly resolvers: object
}

export interface OpenSubgraph {
  readonly name: string
  readonly url: string
  readonly typeDefs: DocumentNode
  /** The headers of each request, and for a socket those of the upgrade and the init payload. */
  readonly seen: { readonly headers: IncomingHttpHeaders; readonly params?: unknown }[]
  close(): Promise<void>
}

/** A subgraph of somebody else: it knows nothing of our tokens, envelope or health checks. */
export async function startOpenSubgraph({
  name,
  sdl,
  resolvers,
}: OpenSubgraphDefinition): Promise<OpenSubgraph> {
  const typeDefs = parse(`extend schema @link(url: "https://specs.apollo.dev/federation/v2.9",
    import: ["@key", "@external", "@requires", "@provides", "@shareable", "@override", "@inaccessible", "@interfaceObject"])
    ${sdl}`)
  const schema = buildSubgraphSchema({ typeDefs, resolvers: resolvers as never })
  const seen: OpenSubgraph['seen'] = []
  const server = createServer((request, response) => {
    void (async () => {
      if (request.url !== '/graphql' || request.method !== 'POST') {
        return response.writeHead(404).end()
      }
      seen.push({ headers: request.headers })
      const { query, variables, operationName } = JSON.parse(await text(request)) as Asked
      const contextValue = { headers: request.headers }
      const result = await graphql({
        schema,
        source: query,
        variableValues: variables ?? {},
        operationName: operationName ?? null,
        contextValue,
      })
      return response.setHeader('content-type', 'application/json').end(JSON.stringify(result))
    })()
  })
  const sockets = new WebSocketServer({ server, path: '/graphql' })
  const following = useServer(
    {
      schema,
      onConnect: ({ extra, connectionParams }) =>
        void seen.push({ headers: extra.request.headers, params: connectionParams }),
    },
    sockets,
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    name,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`,
    typeDefs,
    seen,
    close: async () => {
      await following.dispose()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

interface Asked {
  readonly query: string
  readonly variables?: Record<string, unknown>
  readonly operationName?: string
}
