import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createIds } from '@heirloom/testkit'
import { TestBrowser } from '../testing/browser.js'
import { clientCredentials, startTestGateway, type TestGateway } from '../testing/test-gateway.js'
import { createAccounts, type Accounts } from './accounts.js'

// Three providers that know the same people by the same subjects: whatever tells them apart, it is
// not the subject.

const emilySubject = '01JD0HAW0RTH0EM11Y00000002'

let gateway: TestGateway
let browser: TestBrowser

beforeAll(async () => {
  gateway = await startTestGateway({
    alsoProviders: [
      { id: 'second', name: 'Second <b>&</b> "Sons"' },
      { id: 'downe', name: 'Down House', tenants: ['t_downe'] },
    ],
  })
})
afterAll(() => gateway.close())
beforeEach(async () => {
  browser = new TestBrowser()
  await gateway.database.unbound.deleteFrom('session').execute()
  await gateway.database.unbound.deleteFrom('account_identity').execute()
  await gateway.database.unbound.deleteFrom('account').execute()
})

interface Shown {
  readonly signed_in: boolean
  readonly tenant_id: string
  readonly user: { readonly id: string }
}

async function shown(of = browser): Promise<Shown> {
  return (await (await of.go(`${gateway.url}/auth/session`)).json()) as Shown
}

async function envelope(response: Response) {
  const { error } = (await response.json()) as { error?: { code: string } }
  return [response.status, error?.code]
}

describe('the choice of a provider', () => {
  it('is offered to people as a page, with everything escaped', async () => {
    const returnTo = '/schema?a="><script>'
    const response = await browser.go(
      `${gateway.url}/auth/login?return_to=${encodeURIComponent(returnTo)}`,
      { headers: { accept: 'text/html' } },
    )
    const page = await response.text()
    expect(page).toContain('Sign in with Heirloom')
    expect(page).toContain('Sign in with Second &lt;b&gt;&amp;&lt;/b&gt; &quot;Sons&quot;')
    expect(page).not.toContain('<script>')
    expect(page).toContain('/auth/login?provider=second&amp;return_to=%2Fschema')
    expect(response.headers.get('content-security-policy')).toContain("default-src 'none'")
  })

  it('is offered to scripts as a list, and refused for what is not in it', async () => {
    const response = await browser.go(`${gateway.url}/auth/login`)
    const { providers } = (await response.json()) as { providers: { id: string }[] }
    expect(providers.map(({ id }) => id)).toEqual(['default', 'second', 'downe'])
    for (const id of ['third', '../second', '']) {
      const refused = await browser.go(
        `${gateway.url}/auth/login?provider=${encodeURIComponent(id)}`,
      )
      expect(await envelope(refused)).toEqual([404, 'NOT_FOUND'])
    }
  })
})

describe('users', () => {
  it('are told apart by issuer and subject: the same subject elsewhere is somebody else', async () => {
    await browser.signIn(gateway.url, 'emily@haworth.test', '/', 'default')
    expect((await shown()).user.id).toBe(emilySubject)
    const other = new TestBrowser()
    await other.signIn(gateway.url, 'emily@haworth.test', '/', 'second')
    const { user } = await shown(other)
    expect(user.id).toMatch(/^[0-9A-Z]{26}$/)
    expect(user.id).not.toBe(emilySubject)
    const again = new TestBrowser()
    await again.signIn(gateway.url, 'emily@haworth.test', '/', 'second')
    expect((await shown(again)).user.id).toBe(user.id)
  })

  it('get one account each, however many ask at once, and never the id of somebody else', async () => {
    const newId = createIds()
    const [here, there] = [1, 2].map(() => createAccounts(gateway.database, newId)) as [
      Accounts,
      Accounts,
    ]
    const subject = { issuer: 'https://id.test', subject: 'someone' }
    const asked = Array.from({ length: 20 }, (_, index) =>
      (index % 2 === 0 ? here : there).userIdOf(subject, 'someone'),
    )
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['someone']))
    const elsewhere = { issuer: 'https://other.test', subject: 'someone' }
    expect(await here.userIdOf(elsewhere, 'someone')).not.toBe('someone')
  })

  it('of a provider may be of its tenants alone', async () => {
    const refused = await browser.signIn(gateway.url, 'emily@haworth.test', '/', 'downe')
    expect(await envelope(refused)).toEqual([403, 'FORBIDDEN'])
    expect(await shown()).toEqual({ signed_in: false })
    const other = new TestBrowser()
    await other.signIn(gateway.url, 'emma@downe.test', '/', 'downe')
    expect((await shown(other)).tenant_id).toBe('t_downe')
    const [, downe] = gateway.otherProviders
    if (downe === undefined) throw new Error('unreachable')
    const token = await clientCredentials(downe, 't_haworth')
    const { errors, status } = await gateway.client(token)('{ whoami { tenant } }')
    expect([status, errors]).toEqual([403, undefined])
  })

  it('that are machines are told apart too', async () => {
    const [second] = gateway.otherProviders
    if (second === undefined) throw new Error('unreachable')
    const ask = gateway.client(await clientCredentials(second, 't_haworth'))
    expect((await ask('{ whoami { actor } }')).data).toEqual({
      whoami: { actor: 'service:second/cli' },
    })
  })
})

describe('an answer of another provider than the one that was asked', () => {
  it.each([
    ['arrives at the address of the other', (url: URL) => (url.pathname += '/second')],
    [
      'names the other as its issuer',
      (url: URL) => url.searchParams.set('iss', gateway.otherProviders[0]?.issuer ?? ''),
    ],
    ['names no issuer', (url: URL) => url.searchParams.delete('iss')],
    ['names an issuer that looks alike', (url: URL) => url.searchParams.append('iss', 'x')],
  ])('is refused when it %s', async (_what, change) => {
    const leaving = await browser.go(`${gateway.url}/auth/login?provider=default`)
    const callback = await browser.callbackFor(leaving, 'emily@haworth.test')
    change(callback)
    expect(await envelope(await browser.go(callback.href))).toEqual([403, 'FORBIDDEN'])
    expect(await shown()).toEqual({ signed_in: false })
  })

  it('is refused as a code of the one for the state of the other', async () => {
    const attacker = new TestBrowser()
    const theirs = await attacker.callbackFor(
      await attacker.go(`${gateway.url}/auth/login?provider=second`),
      'charlotte@haworth.test',
    )
    const leaving = await browser.go(`${gateway.url}/auth/login?provider=default`)
    const ours = await browser.callbackFor(leaving, 'emily@haworth.test')
    ours.searchParams.set('code', theirs.searchParams.get('code') ?? '')
    expect(await envelope(await browser.go(ours.href))).toEqual([403, 'FORBIDDEN'])
  })
})

interface Identity {
  readonly id: string
  readonly provider: string
  readonly current: boolean
}

async function identities(of = browser): Promise<readonly Identity[]> {
  const response = await of.go(`${gateway.url}/auth/identities`)
  return ((await response.json()) as { identities: Identity[] }).identities
}

function beginLink(provider: string, of = browser): Promise<Response> {
  const headers = { ...of.pageHeaders(gateway.url), accept: 'text/html' }
  return of.post(`${gateway.url}/auth/identities/${provider}`, { return_to: '/schema' }, headers)
}

async function unlink(id: string, of = browser) {
  const headers = of.pageHeaders(gateway.url)
  return envelope(
    await of.go(`${gateway.url}/auth/identities/${id}`, { method: 'DELETE', headers }),
  )
}

/** Emily of the first provider, who is also Emma of the second. */
async function linked(): Promise<void> {
  await browser.signIn(gateway.url, 'emily@haworth.test', '/', 'default')
  const end = await browser.finish(await beginLink('second'), 'emma@downe.test')
  expect(end.url).toBe(`${gateway.url}/schema`)
}

describe('linking', () => {
  it('makes one user of two identities, with the rights that each provider gives', async () => {
    await linked()
    expect(await identities()).toMatchObject([
      { provider: 'default', current: true },
      { provider: 'second', current: false },
    ])
    expect(await shown()).toMatchObject({ tenant_id: 't_haworth', user: { id: emilySubject } })
    const other = new TestBrowser()
    await other.signIn(gateway.url, 'emma@downe.test', '/', 'second')
    expect(await shown(other)).toMatchObject({ tenant_id: 't_downe', user: { id: emilySubject } })
  })

  it('again changes nothing, and asks who it is every time', async () => {
    await linked()
    const leaving = await beginLink('second')
    expect(new URL(leaving.headers.get('location') ?? '').searchParams.get('prompt')).toBe('login')
    await browser.finish(leaving, 'emma@downe.test')
    expect((await identities()).length).toBe(2)
  })

  it('takes nobody an identity that is theirs', async () => {
    const emma = new TestBrowser()
    await emma.signIn(gateway.url, 'emma@downe.test', '/', 'second')
    await browser.signIn(gateway.url, 'emily@haworth.test', '/', 'default')
    const end = await browser.finish(await beginLink('second'), 'emma@downe.test')
    expect(await envelope(end)).toEqual([409, 'CONFLICT'])
    expect((await identities()).length).toBe(1)
    expect((await identities(emma)).length).toBe(1)
  })

  it('needs the session that began it, a recent sign-in, and a provider that is there', async () => {
    await browser.signIn(gateway.url, 'emily@haworth.test', '/', 'default')
    const callback = await browser.callbackFor(await beginLink('second'), 'emma@downe.test')
    await browser.signIn(gateway.url, 'anne@haworth.test', '/', 'second')
    expect(await envelope(await browser.go(callback.href))).toEqual([400, 'INVALID_INPUT'])
    expect((await beginLink('third')).status).toBe(404)
    const longAgo = new Date(Date.now() - 1_000_000)
    await gateway.database.unbound.updateTable('session').set({ created_at: longAgo }).execute()
    expect((await beginLink('second')).status).toBe(403)
    const [own] = await identities()
    expect(await unlink(own?.id ?? '')).toEqual([403, 'FORBIDDEN'])
    expect((await identities()).length).toBe(1)
  })

  it('is refused to a session that took the place of the one that began it', async () => {
    await browser.signIn(gateway.url, 'emily@haworth.test', '/', 'default')
    const callback = await browser.callbackFor(await beginLink('second'), 'emma@downe.test')
    const anne = new TestBrowser()
    await anne.signIn(gateway.url, 'anne@haworth.test', '/', 'default')
    const cookies = browser.cookiesOf(gateway.url) as Map<string, string>
    const { heirloom_session: theirs = '' } = Object.fromEntries(anne.cookiesOf(gateway.url))
    cookies.set('heirloom_session', theirs)
    expect(await envelope(await browser.go(callback.href))).toEqual([403, 'FORBIDDEN'])
    expect((await identities(anne)).length).toBe(1)
  })
})

describe('unlinking', () => {
  it('ends the sessions of what is unlinked, which is somebody else from then on', async () => {
    await linked()
    const other = new TestBrowser()
    await other.signIn(gateway.url, 'emma@downe.test', '/', 'second')
    const [, second] = await identities()
    expect(await unlink(second?.id ?? '')).toEqual([200, undefined])
    expect(await shown(other)).toEqual({ signed_in: false })
    expect((await shown()).signed_in).toBe(true)
    await other.signIn(gateway.url, 'emma@downe.test', '/', 'second')
    expect((await shown(other)).user.id).not.toBe(emilySubject)
  })

  it('leaves no session of what is unlinked, also when somebody signs in with it meanwhile', async () => {
    await linked()
    const [, second] = await identities()
    const entering = Array.from({ length: 4 }, async () => {
      const other = new TestBrowser()
      const leaving = await other.go(`${gateway.url}/auth/login?provider=second`)
      return { other, callback: await other.callbackFor(leaving, 'emma@downe.test') }
    })
    const ready = await Promise.all(entering)
    const arriving = ready.map(({ other, callback }) => other.go(callback.href))
    const unlinked = unlink(second?.id ?? '')
    await Promise.all(arriving)
    expect(await unlinked).toEqual([200, undefined])
    for (const { other } of ready) {
      const now = await shown(other)
      // Whoever came after it is somebody else.
      expect(now.signed_in && now.user.id === emilySubject).toBe(false)
    }
  })

  it('never takes the last one, also when both are unlinked at once', async () => {
    for (let round = 0; round < 5; round += 1) {
      await gateway.database.unbound.deleteFrom('account_identity').execute()
      await gateway.database.unbound.deleteFrom('account').execute()
      const accounts = createAccounts(gateway.database, createIds())
      const userId = await accounts.userIdOf({ issuer: 'https://a.test', subject: 'x' })
      await accounts.link(userId, { issuer: 'https://b.test', subject: 'y' })
      const both = await accounts.identitiesOf(userId)
      const ended = await Promise.allSettled(both.map(({ id }) => accounts.unlink(userId, id)))
      expect(ended.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
      expect((await accounts.identitiesOf(userId)).length).toBe(1)
    }
    await browser.signIn(gateway.url, 'emily@haworth.test', '/', 'default')
    const [only] = await identities()
    expect(await unlink(only?.id ?? '')).toEqual([409, 'CONFLICT'])
  })

  it('knows the identities of its own user alone', async () => {
    await linked()
    const anne = new TestBrowser()
    await anne.signIn(gateway.url, 'anne@haworth.test', '/', 'default')
    for (const { id } of await identities()) {
      expect(await unlink(id, anne)).toEqual([404, 'NOT_FOUND'])
    }
    expect((await identities()).length).toBe(2)
  })
})
