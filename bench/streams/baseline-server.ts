import { createServer } from 'node:http'
import { useServer } from 'graphql-ws/use/ws'
import { createPubSub, createSchema, createYoga } from 'graphql-yoga'
import { WebSocketServer } from 'ws'

// What many would write first: GraphQL Yoga and graphql-ws over a pub/sub in memory. Nothing is
// promised: what is published while somebody is away is lost. Events are published over IPC.

interface Entry {
  readonly n: number
  readonly text: string
}
type Channels = { [stream: `stream ${string}`]: [Entry] }
interface Publish {
  readonly stream: string
  readonly event: Entry
}

const pubSub = createPubSub<Channels>()
const schema = createSchema({
  typeDefs: `
    type Query { ready: Boolean! }
    type Subscription { followed(stream: ID!): Entry! }
    type Entry { n: Int! text: String! }`,
  resolvers: {
    Subscription: {
      followed: {
        subscribe: (_parent: unknown, { stream }: { stream: string }) =>
          pubSub.subscribe(`stream ${stream}`),
        resolve: (entry: Entry) => entry,
      },
    },
  },
})
const yoga = createYoga({ schema, logging: false })
const http = createServer((request, response) => void yoga(request, response))
const sockets = new WebSocketServer({ server: http, path: '/graphql', perMessageDeflate: false })
useServer({ schema }, sockets)
process.on('message', ({ stream, event }: Publish) => pubSub.publish(`stream ${stream}`, event))
process.on('SIGTERM', () => process.exit(0))
http.listen(Number(process.env['PORT']), '127.0.0.1', () => process.send?.('ready'))
