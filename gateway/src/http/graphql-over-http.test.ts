import { serverAudits } from 'graphql-http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

// The specification's own audits, as its reference implementation publishes them, over both ways
// that a request can go through the gateway.

let gateway: TestGateway
let token: string

beforeAll(async () => {
  gateway = await startTestGateway()
  token = await gateway.serviceToken()
})
afterAll(() => gateway.close())

function asMember(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('authorization', `Bearer ${token}`)
  return fetch(url, { ...init, headers })
}

/** A body of unknown length: no request for the fast way. */
function inChunks(url: string, init: RequestInit = {}): Promise<Response> {
  if (typeof init.body !== 'string') return asMember(url, init)
  const headers = new Headers(init.headers)
  // What fetch says of a text by itself.
  if (!headers.has('content-type')) headers.set('content-type', 'text/plain;charset=UTF-8')
  const body = new Blob([init.body]).stream()
  const chunked: RequestInit & { readonly duplex: 'half' } = {
    ...init,
    headers,
    body,
    duplex: 'half',
  }
  return asMember(url, chunked)
}

/** What a server may do and this one does not: a link must never run anything. */
const byGet = ['5A70', 'D6D5', '6A70']

describe.each([
  ['the fast way', asMember],
  ['the other way', inChunks],
])('GraphQL over HTTP, %s', (_way, fetchFn) => {
  const audits = serverAudits({ url: () => `${gateway.url}/graphql`, fetchFn })

  const named = audits.map(({ id, name, fn }) => ({ name, fn, isByGet: byGet.includes(id) }))

  it.each(named.filter(({ isByGet }) => !isByGet))('$name', async ({ fn }) => {
    expect(await fn()).toMatchObject({ status: 'ok' })
  })

  it.each(named.filter(({ isByGet }) => isByGet))('not: $name', async ({ fn }) => {
    expect(await fn()).toMatchObject({ status: 'notice', response: { status: 405 } })
  })
})
