import { afterEach, describe, expect, it, vi } from 'vitest'
import { AppError } from '@heirloom/errors'
import type { MemberRole } from '@heirloom/tenancy'
import type { ActorAccess, Identity } from './identity.js'
import { createMemberAccess, type MemberAccess } from './member-access.js'

/** Those who keep roles: whoever changes one raises the version of the tenant. */
class Roles {
  readonly asked: string[] = []
  #version = 1
  #roles = new Map<string, MemberRole>()
  isAway = false

  set(user: string, role: MemberRole): void {
    this.#roles.set(user, role)
    this.#version += 1
  }

  /** Somebody else's access changes. */
  stir(): void {
    this.#version += 1
  }

  readonly accessOf = async ({ claims }: Identity): Promise<ActorAccess> => {
    const user = String(claims.sub)
    await this.#answer(`access of ${user}`)
    const grants = { version: this.#version, legacies: {}, stories: {} }
    return { roles: [this.#roles.get(user) ?? 'viewer'], grants }
  }

  readonly versionFor = async (): Promise<number> => {
    await this.#answer('version')
    return this.#version
  }

  async #answer(what: string): Promise<void> {
    this.asked.push(what)
    await Promise.resolve()
    if (this.isAway) throw new AppError('SUBGRAPH_UNAVAILABLE', 'away')
  }
}

const as = (sub: string, tenant = 't_home'): Identity => ({
  claims: { tenant_id: tenant, sub, mode: 'saas', roles: ['viewer'] },
  issuer: 'https://idp.example',
  subject: 'x',
  expiresAtMs: Number.MAX_SAFE_INTEGER,
})
const ada = as('user:ada')

describe('who may do what', () => {
  let members: MemberAccess | undefined
  afterEach(() => {
    members?.close()
    vi.useRealTimers()
  })

  function setUp() {
    const roles = new Roles()
    const clock = { nowMs: 0 }
    const access = createMemberAccess({ source: roles, now: () => clock.nowMs })
    members = access
    const roleOf = async (identity: Identity) => (await access.of(identity))?.roles[0]
    return { roles, clock, access, roleOf }
  }

  it('is asked for once, however many requests there are at once and within a second', async () => {
    const { roles, roleOf } = setUp()
    await Promise.all([roleOf(ada), roleOf(ada), roleOf(ada)])
    await roleOf(ada)
    expect(roles.asked).toEqual(['access of user:ada'])
  })

  it('holds for requests at the latest after a second', async () => {
    const { roles, clock, roleOf } = setUp()
    expect(await roleOf(ada)).toBe('viewer')
    roles.set('user:ada', 'editor')
    clock.nowMs = 999
    expect(await roleOf(ada)).toBe('viewer')
    clock.nowMs = 1_000
    expect(await roleOf(ada)).toBe('editor')
  })

  it('takes one small question a second for all members of a tenant', async () => {
    const { roles, clock, roleOf } = setUp()
    const users = ['user:a', 'user:b', 'user:c'].map((sub) => as(sub))
    await Promise.all(users.map(roleOf))
    roles.asked.length = 0
    clock.nowMs = 1_000
    await Promise.all(users.map(roleOf))
    expect(roles.asked).toEqual(['version'])
  })

  it('is asked for anew when the identity provider changes its mind', async () => {
    const { roles, roleOf } = setUp()
    await roleOf(ada)
    await roleOf({ ...ada, claims: { ...ada.claims, roles: ['owner'] } })
    expect(roles.asked).toHaveLength(2)
  })

  it('is told apart by tenant', async () => {
    const { roles, roleOf } = setUp()
    await roleOf(ada)
    await roleOf(as('user:ada', 't_elsewhere'))
    expect(roles.asked).toHaveLength(2)
  })

  it('is what their token says for services and plugins', async () => {
    const { roles, access } = setUp()
    expect(await access.of(as('service:cli'))).toBeUndefined()
    expect(roles.asked).toEqual([])
  })

  it('is taken as known for half a minute while nobody can tell, and no longer', async () => {
    const { roles, clock, roleOf } = setUp()
    await roleOf(ada)
    roles.isAway = true
    clock.nowMs = 29_999
    expect(await roleOf(ada)).toBe('viewer')
    clock.nowMs = 30_000
    await expect(roleOf(ada)).rejects.toThrow(
      expect.objectContaining({ code: 'SUBGRAPH_UNAVAILABLE' }),
    )
    await expect(roleOf(as('user:new'))).rejects.toThrow('away')
  })

  it('is never what was known before a change that was heard of', async () => {
    const { roles, clock, roleOf } = setUp()
    await roleOf(ada)
    await roleOf(as('user:bob'))
    roles.set('user:ada', 'editor')
    clock.nowMs = 1_000
    await roleOf(as('user:bob'))
    roles.isAway = true
    await expect(roleOf(ada)).rejects.toThrow('away')
  })

  it('ends what is open within two seconds of a change, and only for whom it concerns', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const roles = new Roles()
    const access = createMemberAccess({ source: roles, now: Date.now })
    members = access
    const told: string[] = []
    for (const sub of ['user:ada', 'user:bob']) {
      access.watch(as(sub), await access.of(as(sub)), () => told.push(sub))
    }
    await vi.advanceTimersByTimeAsync(5_000)
    roles.stir()
    await vi.advanceTimersByTimeAsync(5_000)
    expect(told).toEqual([])
    roles.isAway = true
    await vi.advanceTimersByTimeAsync(60_000)
    expect(told).toEqual([])
    roles.isAway = false
    roles.set('user:ada', 'editor')
    await vi.advanceTimersByTimeAsync(2_000)
    expect(told).toEqual(['user:ada'])
    await vi.advanceTimersByTimeAsync(10_000)
    expect(told).toEqual(['user:ada'])
  })

  it('is not watched any longer once that is over', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const roles = new Roles()
    const access = createMemberAccess({ source: roles, now: Date.now })
    members = access
    const stop = access.watch(ada, await access.of(ada), () => expect.unreachable())
    stop()
    roles.set('user:ada', 'editor')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(roles.asked).toHaveLength(1)
  })
})
