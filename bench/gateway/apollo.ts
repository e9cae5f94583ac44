import { readFileSync } from 'node:fs'
import { ApolloGateway } from '@apollo/gateway'
import { ApolloServer } from '@apollo/server'
import { startStandaloneServer } from '@apollo/server/standalone'

// Apollo Server in front of Apollo Gateway, with the defaults of both.
process.env['APOLLO_TELEMETRY_DISABLED'] = 'true'
const supergraphSdl = readFileSync(process.env['SUPERGRAPH_FILE'] ?? '', 'utf8')
const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const gateway = new ApolloGateway({ supergraphSdl, logger: quiet })
const server = new ApolloServer({ gateway, logger: quiet })
const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } })
process.on('disconnect', () => process.exit(0))
process.send?.({ address: url })
