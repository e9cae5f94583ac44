import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixedClock, testTenant } from '@heirloom/testkit'
import type { Storage } from '../../documents/storage.js'
import type { NewUser, UserStore } from '../../ports/user-store.js'
import type { RunningStorage, StorageRig } from './storage-rig.js'

const code = (expected: string): unknown => expect.objectContaining({ code: expected })

export function userStoreContract(rig: StorageRig): void {
  describe(`UserStore on ${rig.name}`, () => {
    let running: RunningStorage
    let storage: Storage
    const clock = fixedClock(Date.now())
    const newStore = (): UserStore => storage.users.for(testTenant().tenantId)
    beforeAll(async () => {
      running = await rig.start()
      storage = await running.open({ now: clock.now })
    })
    afterAll(async () => {
      await storage?.close()
      await running?.stop()
    })

    it('finds a user by name and by id', async () => {
      const store = newStore()
      const user = await store.createUser('default', {
        username: 'Ada',
        passwordHash: '$argon2id$…',
        roles: ['editor', "o'hara"],
        profile: { $name: 'Ada', 'a.b': [1] },
      })
      expect(user).toEqual({
        id: expect.stringMatching(/^default:[0-9a-f]{32}$/),
        username: 'ada',
        passwordHash: '$argon2id$…',
        roles: ['editor', "o'hara"],
        disabled: false,
        profile: { $name: 'Ada', 'a.b': [1] },
        version: 1,
        createdAt: new Date(clock.now()),
        updatedAt: new Date(clock.now()),
        lastLoginAt: null,
        failedLogins: 0,
        lockedUntil: null,
      })
      expect(await store.getUserByUsername('default', 'ADA')).toEqual(user)
      expect(await store.getUserByID('default', user.id)).toEqual(user)
      expect(await store.getUserByUsername('default', 'bob')).toBeNull()
      expect(await store.getUserByID('default', 'default:x')).toBeNull()
    })

    it('has each name once in a database, however it is written, and again in another', async () => {
      const store = newStore()
      const first = await store.createUser('default', { username: 'Ångström' })
      for (const username of ['ångström', 'A\u030Angström', 'ÅNGSTRÖM']) {
        await expect(store.createUser('default', { username })).rejects.toEqual(code('CONFLICT'))
      }
      const archived = await store.createUser('archive', { username: 'Ångström' })
      expect(archived.id).not.toBe(first.id)
      expect(await store.getUserByID('archive', first.id)).toBeNull()
      expect(await newStore().createUser('default', { username: 'Ångström' })).toMatchObject({
        username: first.username,
      })
    })

    it('lets one of several win who want the same name', async () => {
      const store = newStore()
      const attempts = Array.from({ length: 10 }, () =>
        store.createUser('default', { username: 'ada' }),
      )
      const won = (await Promise.allSettled(attempts)).filter((one) => one.status === 'fulfilled')
      expect(won).toHaveLength(1)
    })

    it('changes what is given, at the version that was read', async () => {
      const store = newStore()
      const user = await store.createUser('default', { username: 'ada', roles: ['viewer'] })
      clock.advance(10)
      const changed = await store.updateUser(
        'default',
        user.id,
        { disabled: true, profile: { a: 1 } },
        { ifVersion: 1 },
      )
      expect(changed).toEqual({
        ...user,
        disabled: true,
        profile: { a: 1 },
        version: 2,
        updatedAt: new Date(clock.now()),
      })
      const stale = store.updateUser('default', user.id, { roles: [] }, { ifVersion: 1 })
      await expect(stale).rejects.toMatchObject({ code: 'CONFLICT', details: { version: 2 } })
      expect(await store.getUserByID('default', user.id)).toEqual(changed)
      const nobody = store.updateUser('default', `default:${'0'.repeat(32)}`, {})
      await expect(nobody).rejects.toEqual(code('NOT_FOUND'))
    })

    it('counts every failed login, locks in the same step, and forgets by a success', async () => {
      const store = newStore()
      const { id } = await store.createUser('default', { username: 'ada' })
      const until = new Date(clock.now() + 60_000)
      const lock = { afterFailures: 8, until }
      const failures = Array.from({ length: 7 }, () =>
        store.updateUserLoginStats('default', id, { ok: false, lock }),
      )
      const counted = (await Promise.all(failures)).map(({ failedLogins }) => failedLogins)
      expect([...counted].sort((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7])
      expect((await store.getUserByID('default', id))?.lockedUntil).toBeNull()
      const eighth = await store.updateUserLoginStats('default', id, { ok: false, lock })
      expect(eighth).toEqual({ failedLogins: 8, lockedUntil: until, lastLoginAt: null })
      const success = await store.updateUserLoginStats('default', id, { ok: true })
      expect(success).toEqual({
        failedLogins: 0,
        lockedUntil: null,
        lastLoginAt: new Date(clock.now()),
      })
      expect((await store.getUserByID('default', id))?.version).toBe(1)
      const nobody = store.updateUserLoginStats('archive', id, { ok: true })
      await expect(nobody).rejects.toEqual(code('NOT_FOUND'))
    })

    it('lists the users of a database in the order of their names, page by page', async () => {
      const store = newStore()
      const names = ['z', 'ä', 'b', '10', '9', '😀', '\uFFFD', 'a b']
      for (const username of names) await store.createUser('default', { username })
      await store.createUser('archive', { username: 'elsewhere' })
      const found: string[] = []
      let token: string | null = null
      do {
        const page = await store.listUsers('default', {
          limit: 3,
          ...(token === null ? {} : { token }),
        })
        found.push(...page.users.map(({ username }) => username))
        token = page.next
      } while (token !== null)
      const expected = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      expect(found).toEqual(expected)
      const { next } = await store.listUsers('default', { limit: 3 })
      const elsewhere = store.listUsers('archive', { limit: 3, token: next ?? '' })
      await expect(elsewhere).rejects.toEqual(code('CURSOR_INVALID'))
      await expect(store.listUsers('default', { limit: 0 })).rejects.toEqual(code('INVALID_INPUT'))
    })

    it('gives another tenant nothing by any method', async () => {
      const [one, two] = [newStore(), newStore()]
      const { id } = await one.createUser('default', { username: 'ada' })
      expect(await two.getUserByID('default', id)).toBeNull()
      expect(await two.getUserByUsername('default', 'ada')).toBeNull()
      expect((await two.listUsers('default', { limit: 10 })).users).toEqual([])
      await expect(two.updateUser('default', id, {})).rejects.toEqual(code('NOT_FOUND'))
      const login = two.updateUserLoginStats('default', id, { ok: false })
      await expect(login).rejects.toEqual(code('NOT_FOUND'))
      expect(await one.getUserByID('default', id)).toMatchObject({ version: 1, failedLogins: 0 })
    })

    it('fails closed for a database that is empty, unknown, or another tenant’s own', async () => {
      const store = newStore()
      const calls: readonly ((database: string) => Promise<unknown>)[] = [
        (database) => store.createUser(database, { username: 'ada' }),
        (database) => store.getUserByUsername(database, 'ada'),
        (database) => store.getUserByID(database, `default:${'0'.repeat(32)}`),
        (database) => store.updateUserLoginStats(database, 'x', { ok: true }),
        (database) => store.listUsers(database, { limit: 1 }),
        (database) => store.updateUser(database, 'x', {}),
      ]
      for (const call of calls) {
        await expect(call('')).rejects.toEqual(code('INVALID_INPUT'))
        await expect(call('nowhere')).rejects.toEqual(code('DATABASE_UNKNOWN'))
        await expect(call('vault')).rejects.toEqual(code('DATABASE_UNKNOWN'))
      }
    })

    it('refuses what no backend could keep', async () => {
      const store = newStore()
      const bad: readonly Partial<NewUser>[] = [
        { username: '' },
        { username: ' ada' },
        { username: 'a\0' },
        { username: '\uD800' },
        { username: 'x'.repeat(257) },
        { roles: 'editor' as unknown as string[] },
        { roles: [1 as unknown as string] },
        { roles: ['a\0'] },
        { passwordHash: 'x'.repeat(4_097) },
        { disabled: 'no' as unknown as boolean },
        { profile: { a: '\0' } },
      ]
      for (const one of bad) {
        const attempt = store.createUser('default', { username: 'ada', ...one })
        await expect(attempt).rejects.toEqual(code('INVALID_INPUT'))
      }
      expect(await store.getUserByUsername('default', 'ada')).toBeNull()
    })
  })
}
