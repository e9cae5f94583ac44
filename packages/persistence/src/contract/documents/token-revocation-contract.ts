import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fixedClock, testTenant } from '@heirloom/testkit'
import type { Storage } from '../../documents/storage.js'
import type { TokenRevocationStore } from '../../ports/token-revocation-store.js'
import type { RunningStorage, StorageRig } from './storage-rig.js'

const code = (expected: string): unknown => expect.objectContaining({ code: expected })
const minuteMs = 60_000

export function tokenRevocationContract(rig: StorageRig): void {
  describe(`TokenRevocationStore on ${rig.name}`, () => {
    let running: RunningStorage
    let storage: Storage
    const clock = fixedClock()
    const newStore = (): TokenRevocationStore => storage.revocations.for(testTenant().tenantId)
    const inMinutes = (minutes: number): Date => new Date(clock.now() + minutes * minuteMs)
    beforeAll(async () => {
      running = await rig.start()
      storage = await running.open({ now: clock.now })
    })
    afterAll(async () => {
      await storage?.close()
      await running?.stop()
    })

    it('knows what was revoked, until the token expires by itself', async () => {
      const store = newStore()
      expect(await store.isRevoked('default', 'jti')).toBe(false)
      await store.revokeToken('default', 'jti', inMinutes(10))
      expect(await store.isRevoked('default', 'jti')).toBe(true)
      expect(await store.isRevoked('default', 'other')).toBe(false)
      clock.advance(10 * minuteMs - 1)
      expect(await store.isRevoked('default', 'jti')).toBe(true)
      clock.advance(1)
      expect(await store.isRevoked('default', 'jti')).toBe(false)
    })

    it('honours a token for the grace that the caller allows, and no longer', async () => {
      const store = newStore()
      const grace = { graceMs: 5_000 }
      await store.revokeToken('default', 'jti', inMinutes(10))
      expect(await store.isRevoked('default', 'jti', grace)).toBe(false)
      expect(await store.isRevoked('default', 'jti')).toBe(true)
      clock.advance(4_999)
      expect(await store.isRevoked('default', 'jti', grace)).toBe(false)
      clock.advance(1)
      expect(await store.isRevoked('default', 'jti', grace)).toBe(true)
    })

    it('gives no grace to what is revoked immediately, in whichever order it is revoked', async () => {
      const store = newStore()
      const grace = { graceMs: minuteMs }
      await store.revokeTokenImmediate('default', 'first', inMinutes(10))
      await store.revokeToken('default', 'first', inMinutes(10))
      await store.revokeToken('default', 'last', inMinutes(10))
      await store.revokeTokenImmediate('default', 'last', inMinutes(10))
      for (const token of ['first', 'last']) {
        expect(await store.isRevoked('default', token, grace)).toBe(true)
      }
    })

    it('keeps the first moment and the later expiry of a token that is revoked twice', async () => {
      const store = newStore()
      await store.revokeToken('default', 'jti', inMinutes(2))
      clock.advance(minuteMs)
      await store.revokeToken('default', 'jti', inMinutes(5))
      await store.revokeToken('default', 'jti', inMinutes(1))
      expect(await store.isRevoked('default', 'jti', { graceMs: minuteMs })).toBe(true)
      clock.advance(4 * minuteMs)
      expect(await store.isRevoked('default', 'jti')).toBe(true)
      clock.advance(minuteMs)
      expect(await store.isRevoked('default', 'jti')).toBe(false)
    })

    it('keeps nothing of a token that has expired already', async () => {
      const store = newStore()
      await store.revokeToken('default', 'jti', inMinutes(0))
      await store.revokeTokenImmediate('default', 'jti', inMinutes(-1))
      expect(await store.isRevoked('default', 'jti')).toBe(false)
    })

    it('keeps every one of many that are revoked at once', async () => {
      const store = newStore()
      const tokens = Array.from({ length: 50 }, (_, n) => `jti-${n % 25}`)
      await Promise.all(
        tokens.map((token, n) =>
          n % 2 === 0
            ? store.revokeToken('default', token, inMinutes(10))
            : store.revokeTokenImmediate('default', token, inMinutes(10)),
        ),
      )
      for (const token of tokens) expect(await store.isRevoked('default', token)).toBe(true)
    })

    it('keeps the same token of other tenants and databases apart', async () => {
      const [one, two] = [newStore(), newStore()]
      await one.revokeToken('default', 'jti', inMinutes(10))
      expect(await one.isRevoked('archive', 'jti')).toBe(false)
      expect(await two.isRevoked('default', 'jti')).toBe(false)
      expect(await one.isRevoked('default', 'jti')).toBe(true)
    })

    it('fails closed for a database that is empty, unknown, or another tenant’s own', async () => {
      const store = newStore()
      const calls: readonly ((database: string) => Promise<unknown>)[] = [
        (database) => store.revokeToken(database, 'jti', inMinutes(1)),
        (database) => store.revokeTokenImmediate(database, 'jti', inMinutes(1)),
        (database) => store.isRevoked(database, 'jti'),
      ]
      for (const call of calls) {
        await expect(call('')).rejects.toEqual(code('INVALID_INPUT'))
        await expect(call('nowhere')).rejects.toEqual(code('DATABASE_UNKNOWN'))
        await expect(call('vault')).rejects.toEqual(code('DATABASE_UNKNOWN'))
      }
    })

    it('takes any text for a token’s id, and refuses what is none', async () => {
      const store = newStore()
      for (const token of ['a:b', '*', '?', ' ', '\0', '😀', 'x'.repeat(1_024)]) {
        await store.revokeToken('default', token, inMinutes(1))
        expect(await store.isRevoked('default', token)).toBe(true)
      }
      for (const attempt of [
        () => store.revokeToken('default', '', inMinutes(1)),
        () => store.revokeToken('default', 'x'.repeat(1_025), inMinutes(1)),
        () => store.revokeToken('default', 'jti', new Date(Number.NaN)),
        () => store.isRevoked('default', 'jti', { graceMs: -1 }),
      ]) {
        await expect(attempt()).rejects.toEqual(code('INVALID_INPUT'))
      }
    })
  })
}
