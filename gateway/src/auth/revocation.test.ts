import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { TestBrowser } from '../testing/browser.js'
import { connect, type Connected } from '../testing/follow.js'
import { startTestGateway, type AnotherGateway, type TestGateway } from '../testing/test-gateway.js'
import { createKeyring } from './sealed.js'
import type { SessionContent } from './session-store.js'

// Whatever ends or narrows a session, at whichever process: every process refuses the next request,
// and closes what is open within two seconds. Open connections are looked at every ten seconds
// here, so what is faster was told.

const boundMs = 2_000

let gateway: TestGateway
let second: AnotherGateway

beforeAll(async () => {
  gateway = await startTestGateway()
  second = await gateway.another()
})
afterAll(() => gateway.close())
afterEach(() => gateway.database.unbound.deleteFrom('session').execute())

async function signedIn(email: string): Promise<TestBrowser> {
  const browser = new TestBrowser()
  await browser.signIn(gateway.url, email)
  return browser
}

function at(url: string, browser: TestBrowser): Connected {
  const socket = connect(url, browser.pageSocket(gateway.url))
  socket
    .follow('subscription { followed(stream: "s") { text } }')
    .next()
    .catch(() => undefined)
  return socket
}

async function ask(url: string, browser: TestBrowser): Promise<[number, unknown]> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      cookie: browser.cookieHeader(gateway.url),
      ...browser.pageHeaders(gateway.url),
    },
    body: JSON.stringify({ query: '{ whoami { roles } }' }),
  })
  const { data, error } = (await response.json()) as {
    data?: { whoami: { roles: unknown } }
    error?: { code: string }
  }
  return [response.status, error?.code ?? data?.whoami.roles]
}

interface Scene {
  readonly emily: TestBrowser
  readonly sockets: readonly Connected[]
  readonly stays: readonly Connected[]
}

/** Emily at both processes, beside a colleague of hers and somebody of another tenant. */
async function scene(): Promise<Scene> {
  const emily = await signedIn('emily@haworth.test')
  const others = [await signedIn('anne@haworth.test'), await signedIn('emma@downe.test')]
  const sockets = [at(gateway.url, emily), at(second.url, emily)]
  const stays = others.flatMap((other) => [at(gateway.url, other), at(second.url, other)])
  await gateway.log.untilFollowers(6)
  return { emily, sockets, stays }
}

/** Resolves to how long it took until all of hers were closed, with this reason. */
async function closing({ sockets, stays }: Scene, reason: string, startedAt: number) {
  for (const socket of sockets) expect(await socket.closed).toMatchObject({ code: 4403, reason })
  const tookMs = performance.now() - startedAt
  for (const socket of stays) {
    expect(socket.socket()?.readyState).toBe(1)
    socket.client.terminate()
  }
  await gateway.log.untilFollowers(0)
  return tookMs
}

describe('at every process', () => {
  it.each<[string, (emily: TestBrowser) => Promise<unknown>]>([
    [
      'signing out',
      (emily) => emily.post(`${gateway.url}/auth/logout`, {}, emily.pageHeaders(gateway.url)),
    ],
    [
      'signing out everywhere, from another browser',
      async () => {
        const phone = await signedIn('emily@haworth.test')
        const headers = phone.pageHeaders(gateway.url)
        await phone.go(`${gateway.url}/auth/sessions`, { method: 'DELETE', headers })
      },
    ],
    [
      'an operator who deletes the rows of a user',
      () =>
        gateway.database.unbound
          .deleteFrom('session')
          .where('subject', '=', '01JD0HAW0RTH0EM11Y00000002')
          .execute(),
    ],
  ])('%s refuses requests at once, and closes what is open within two seconds', async (_, end) => {
    const before = await scene()
    const startedAt = performance.now()
    await end(before.emily)
    for (const url of [gateway.url, second.url]) {
      expect(await ask(url, before.emily)).toEqual([401, 'UNAUTHENTICATED'])
    }
    expect(await closing(before, 'UNAUTHENTICATED', startedAt)).toBeLessThan(boundMs)
  })

  it('a role that is gone when the token is renewed is gone at once, and closes what is open', async () => {
    const before = await scene()
    const db = gateway.database.unbound
    const row = await db
      .selectFrom('session')
      .selectAll()
      .where('subject', '=', '01JD0HAW0RTH0EM11Y00000002')
      .executeTakeFirstOrThrow()
    const keyring = createKeyring(gateway.config.sessionKeys)
    const content = keyring.open(row, row.id_hash) as SessionContent
    const claims = { ...content.identity.claims, roles: ['viewer'] }
    const renewed = { ...content, identity: { ...content.identity, claims } }
    const startedAt = performance.now()
    await db
      .updateTable('session')
      .set(keyring.seal(renewed, row.id_hash))
      .where('id_hash', '=', row.id_hash)
      .execute()
    for (const url of [gateway.url, second.url]) {
      expect(await ask(url, before.emily)).toEqual([200, ['viewer']])
    }
    expect(await closing(before, 'FORBIDDEN', startedAt)).toBeLessThan(boundMs)
  })
})
