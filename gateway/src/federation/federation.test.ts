import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { testLogger } from '@heirloom/testkit'
import { testSupergraph } from '../testing/subgraphs.js'
import { testCaller } from '../testing/test-caller.js'
import { createFederation, type Federation } from './federation.js'
import type { ServedSupergraph } from './served-supergraph.js'

const first = testSupergraph()
const second = testSupergraph((sdl) => sdl.replace('conflict: String', 'conflict: Int'))
const caller = testCaller()

let federation: Federation
let subgraph: Server
let waiting: ServerResponse[] = []

beforeEach(async () => {
  waiting = []
  subgraph = createServer((request, response) => {
    if (request.url === '/healthz') response.end()
    else waiting.push(response)
  })
  await new Promise<void>((resolve) => subgraph.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(subgraph.address() as AddressInfo).port}/graphql`
  federation = await createFederation(first, {
    subgraphUrls: new Map([['library', url]]),
    executor: 'reference',
    logger: testLogger(),
  })
})

afterEach(async () => {
  await federation.close()
  subgraph.closeAllConnections()
  await new Promise((resolve) => subgraph.close(resolve))
})

async function arrived(): Promise<ServerResponse> {
  await vi.waitFor(() => expect(waiting.length).toBe(1))
  const [response] = waiting.splice(0)
  if (response === undefined) throw new Error('unreachable: it has been waited for')
  return response
}

function answer(response: ServerResponse, data: unknown): void {
  response.setHeader('content-type', 'application/json').end(JSON.stringify({ data }))
}

/** Whether it has been closed: its client then sends nothing any more. */
async function isClosed({ subgraphs }: ServedSupergraph): Promise<boolean> {
  return (await subgraphs.reachable()).get('library') !== true
}

describe('a supergraph that is replaced', () => {
  it('is what new operations run on, once it is ready', async () => {
    const told: string[] = []
    federation.onChange(({ supergraph }) => told.push(supergraph.sdl))
    expect(await federation.replace(second)).toBe(true)
    expect(told).toEqual([second])
    expect(federation.current().supergraph.sdl).toBe(second)
    const result = federation.operations.run({ query: '{ conflict }' }, caller)
    answer(await arrived(), { conflict: 7 })
    expect(await result).toMatchObject({ result: { data: { conflict: 7 } } })
  })

  it('lets what runs finish on what it began with, and closes that afterwards', async () => {
    const old = federation.current()
    const running = federation.operations.run({ query: '{ conflict }' }, caller)
    const response = await arrived()
    await federation.replace(second)
    answer(response, { conflict: 'a word' })
    expect(await running).toMatchObject({ result: { data: { conflict: 'a word' } } })
    await vi.waitFor(async () => expect(await isClosed(old)).toBe(true))
  })

  it('stays open for whoever holds it, until all have let go', async () => {
    const one = federation.hold()
    const two = federation.hold()
    await federation.replace(second)
    one.release()
    one.release()
    expect(await isClosed(two.served)).toBe(false)
    two.release()
    await vi.waitFor(async () => expect(await isClosed(two.served)).toBe(true))
    expect(federation.hold().served.supergraph.sdl).toBe(second)
  })

  it('follows the order in which replacements were asked for', async () => {
    const told: string[] = []
    federation.onChange(({ supergraph }) => told.push(supergraph.sdl))
    const results = [second, second, 'type Query {', first].map((sdl) => federation.replace(sdl))
    const settled = await Promise.allSettled(results)
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(told).toEqual([second, first])
  })

  it('is not told to those who stopped listening, nor kept from others by one who fails', async () => {
    const told: string[] = []
    federation.onChange(() => told.push('stopped'))()
    federation.onChange(() => {
      throw new Error('no room')
    })
    federation.onChange(() => told.push('told'))
    await federation.replace(second)
    expect(told).toEqual(['told'])
  })
})

describe('what is no supergraph', () => {
  it.each([
    ['nothing', ''],
    ['no GraphQL', '# half a fi'],
    ['half of one', second.slice(0, second.length / 2)],
    ['one that ends after a whole type', second.slice(0, second.indexOf('type Whoami'))],
    ['a schema of a subgraph', 'type Query { conflict: Int }'],
    ['one that names an unknown subgraph', second.replaceAll('graph: LIBRARY', 'graph: NOBODY')],
    ['one of a version to come', second.replaceAll('join/v0.5', 'join/v9.9')],
  ])('is refused, and the last good one is served on: %s', async (_what, sdl) => {
    await expect(federation.replace(sdl)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining('this supergraph cannot be served: ') as string,
    })
    expect(federation.current().supergraph.sdl).toBe(first)
    const result = federation.operations.run({ query: '{ conflict }' }, caller)
    answer(await arrived(), { conflict: 'a word' })
    expect(await result).toMatchObject({ result: { data: { conflict: 'a word' } } })
  })
})
