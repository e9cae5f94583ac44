import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createKeyring } from '../auth/sealed.js'
import type { SessionContent } from '../auth/session-store.js'
import { TestBrowser } from '../testing/browser.js'
import { connect, type FollowOptions } from '../testing/follow.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

const follow = 'subscription { followed(stream: "s") { text } }'

let gateway: TestGateway

beforeAll(async () => {
  gateway = await startTestGateway({ socketCheckEveryMs: 50 })
})
afterAll(() => gateway.close())

/** How a subscription ends with its socket: by an error, which is not looked at further. */
function asValue(error: unknown): unknown {
  return error
}

async function closeOf(token?: string): Promise<{ code: number; reason: string }> {
  const { closed, follow: start } = connect(gateway.url, token === undefined ? {} : { token })
  await expect(start('{ __typename }').next()).rejects.toBeDefined()
  const { code, reason } = await closed
  return { code, reason }
}

interface SignedIn {
  readonly browser: TestBrowser
  readonly cookie: string
  /** How a page of the gateway opens a socket. */
  readonly page: FollowOptions
}

async function signedIn(email: string): Promise<SignedIn> {
  const browser = new TestBrowser()
  await browser.signIn(gateway.url, email)
  const page = browser.pageSocket(gateway.url)
  return { browser, cookie: browser.cookieHeader(gateway.url), page }
}

/** Resolves to the status and code with which an upgrade was refused. */
function refusedUpgrade(path: string, headers: Record<string, string>): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const address = gateway.url.replace('http', 'ws') + path
    const socket = new WebSocket(address, 'graphql-transport-ws', { headers })
    socket.on('open', () => reject(new Error('it was let in')))
    socket.on('unexpected-response', (_request, response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
      response.on('end', () => {
        const { error } = JSON.parse(text) as { error: { code: string } }
        resolve([response.statusCode, error.code])
      })
    })
  })
}

describe('opening a socket', () => {
  it('is refused with 4403 and our code when nobody may ask', async () => {
    expect(await closeOf()).toEqual({ code: 4403, reason: 'UNAUTHENTICATED' })
    expect(await closeOf('nonsense')).toEqual({ code: 4403, reason: 'TOKEN_INVALID' })
    const expired = await gateway.forge({}, { expiresAt: 1_000_000 })
    expect(await closeOf(expired)).toEqual({ code: 4403, reason: 'TOKEN_EXPIRED' })
    const foreign = await gateway.forge({}, { audience: 'somebody-else' })
    expect(await closeOf(foreign)).toEqual({ code: 4403, reason: 'TOKEN_INVALID' })
  })

  it('works with the cookie, from a page of ours alone', async () => {
    const { cookie, page } = await signedIn('emily@haworth.test')
    const ours = connect(gateway.url, page)
    const result = await ours.follow('{ whoami { tenant roles } }').next()
    expect(result).toEqual({ data: { whoami: { tenant: 't_haworth', roles: ['editor'] } } })
    ours.client.terminate()

    const foreign: Record<string, string>[] = [
      { cookie, origin: 'https://evil.test' },
      { cookie, origin: 'null' },
      { cookie, origin: gateway.url, 'sec-fetch-site': 'cross-site' },
      { cookie },
    ]
    for (const headers of foreign) {
      expect(await refusedUpgrade('/graphql', headers)).toEqual([403, 'CSRF_REJECTED'])
    }
  })

  it('is refused with the cookie alone, or with the token of another session', async () => {
    const { page } = await signedIn('emily@haworth.test')
    const other = await signedIn('anne@haworth.test')
    for (const params of [{}, other.page.params ?? {}]) {
      const socket = connect(gateway.url, { ...page, params })
      await expect(socket.follow('{ __typename }').next()).rejects.toBeDefined()
      expect(await socket.closed).toMatchObject({ code: 4403, reason: 'CSRF_REJECTED' })
    }
  })

  it('is refused anywhere but at /graphql', async () => {
    expect(await refusedUpgrade('/elsewhere', {})).toEqual([404, 'NOT_FOUND'])
  })
})

describe('an open socket', () => {
  it('is closed with 4403 when its token expires', async () => {
    const token = await gateway.forge({}, { expiresAt: Math.floor(Date.now() / 1000) + 1 })
    const socket = connect(gateway.url, { token })
    const ended = socket.follow(follow).next().catch(asValue)
    expect(await socket.closed).toMatchObject({ code: 4403, reason: 'TOKEN_EXPIRED' })
    expect(await ended).toBeDefined()
    await gateway.log.untilFollowers(0)
  })

  it('is closed with 4403 when its session is signed out, and the others stay', async () => {
    const { browser, page } = await signedIn('emily@haworth.test')
    const other = await signedIn('anne@haworth.test')
    const mine = connect(gateway.url, page)
    const theirs = connect(gateway.url, other.page)
    const ended = mine.follow(follow).next().catch(asValue)
    const event = theirs.follow(follow).next()
    await gateway.log.untilIdle(2)
    await browser.post(`${gateway.url}/auth/logout`, {}, browser.pageHeaders(gateway.url))
    expect(await mine.closed).toMatchObject({ code: 4403, reason: 'UNAUTHENTICATED' })
    expect(await ended).toBeDefined()
    gateway.log.append('t_haworth', 'still here')
    expect(await event).toEqual({ data: { followed: { text: 'still here' } } })
    theirs.client.terminate()
    await gateway.log.untilFollowers(0)
  })

  it('is closed within the check when another process ended its session', async () => {
    const { page } = await signedIn('emily@haworth.test')
    const socket = connect(gateway.url, page)
    const ended = socket.follow(follow).next().catch(asValue)
    await gateway.log.untilFollowers(1)
    await gateway.database.unbound.deleteFrom('session').execute()
    expect(await socket.closed).toMatchObject({ code: 4403, reason: 'UNAUTHENTICATED' })
    expect(await ended).toBeDefined()
  })

  it('is closed within the check when the rights of its user have changed', async () => {
    const { page } = await signedIn('emily@haworth.test')
    const socket = connect(gateway.url, page)
    const ended = socket.follow(follow).next().catch(asValue)
    await gateway.log.untilFollowers(1)
    const keyring = createKeyring(gateway.config.sessionKeys)
    const db = gateway.database.unbound
    const row = await db.selectFrom('session').selectAll().executeTakeFirstOrThrow()
    const content = keyring.open(row, row.id_hash) as SessionContent
    const claims = { ...content.identity.claims, roles: ['viewer'] }
    const changed = { ...content, identity: { ...content.identity, claims } }
    await db.updateTable('session').set(keyring.seal(changed, row.id_hash)).execute()
    expect(await socket.closed).toMatchObject({ code: 4403, reason: 'FORBIDDEN' })
    expect(await ended).toBeDefined()
  })

  it('is closed with 1001 when the gateway goes', async () => {
    const own = await startTestGateway()
    const socket = connect(own.url, { token: await own.serviceToken() })
    const ended = socket.follow(follow).next().catch(asValue)
    await own.log.untilFollowers(1)
    await own.stopGateway()
    expect(await socket.closed).toMatchObject({ code: 1001 })
    expect(await ended).toBeDefined()
    await own.log.untilFollowers(0)
    await own.close()
  })
})
