import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createCompiledOperations,
  createOperations,
  createPlanner,
  createSubgraphClient,
  loadSupergraph,
  type Caller,
  type OperationRequest,
} from '@heirloom/gateway/federation'
import { createLogger, newTraceparent } from '@heirloom/telemetry'
import { testTenant } from '@heirloom/testkit'
import { answerCpuQuestions } from './contender.js'

// The compiled executor behind a bare HTTP server: without sign-in, as the others are measured.
const supergraph = loadSupergraph(process.argv[2] ?? '')
const logger = createLogger({ service: 'bench', level: 'fatal' })
const urls = new Map(supergraph.subgraphs.map(({ name, url }) => [name, url]))
const { fetch } = createSubgraphClient({ urls, logger })
const operations = createCompiledOperations({
  supergraph,
  plan: createPlanner(supergraph),
  fetchSubgraph: fetch,
  reference: await createOperations(supergraph, fetch, logger),
  logger,
})
const headers = Promise.resolve({ authorization: 'Bearer bench' })
const tenant = testTenant()
const caller: Caller = {
  requestId: tenant.requestId,
  traceparent: newTraceparent(),
  rights: 'bench',
  headersFor: () => headers,
  tenant,
  authorizationFor: async () => (await headers).authorization,
}

const server = createServer((request, response) => {
  void respond(request, response)
})

async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { status, body } = await operations.respond(
    JSON.parse(await read(request)) as OperationRequest,
    caller,
  )
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  })
  response.end(body)
}

function read(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (text += chunk))
    request.on('end', () => resolve(text))
    request.on('error', reject)
  })
}

server.listen(0, '127.0.0.1', () => {
  answerCpuQuestions(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
})
