import { describe, expect, it } from 'vitest'
import * as fc from 'fast-check'
import { hasCode } from '@heirloom/errors'
import { tenantId } from '@heirloom/tenancy'
import { createCursorCodec, parseCursorKeys, type CursorKey } from './cursor.js'

const key = (kid: string, byte: number): CursorKey => ({ kid, secret: Buffer.alloc(32, byte) })
const [old, current] = [key('old', 1), key('new', 2)]
const tenant = tenantId('t_one')
const other = tenantId('t_two')
const codec = createCursorCodec([current, old])
const cursors = codec.for(tenant, 's')
const invalid = expect.objectContaining({ code: 'CURSOR_INVALID' })

function failure(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error
  }
}

describe('cursors', () => {
  it('give back the position that they were made of', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (position) => {
        expect(cursors.decode(cursors.encode(position))).toBe(position)
      }),
    )
  })

  it('have this form', () => {
    expect(cursors.encode(0)).toMatch(/^1\.new\.0\.[A-Za-z0-9_-]{43}$/)
    expect(cursors.encode(1_735_732_800_000_000)).toMatch(/^1\.new\.h39kn1ts00\./)
  })

  it('fit one stream of one tenant and nothing else', () => {
    const cursor = cursors.encode(5)
    for (const wrong of [codec.for(other, 's'), codec.for(tenant, 't'), codec.for(tenant, '')]) {
      expect(failure(() => wrong.decode(cursor))).toEqual(invalid)
    }
    // Tenant and stream cannot run into each other either.
    const one = codec.for(tenantId('ab'), 'c').encode(5)
    expect(failure(() => codec.for(tenantId('abc'), '').decode(one))).toEqual(invalid)
  })

  it('cannot be changed in any character', () => {
    const cursor = cursors.encode(1_735_732_800_000_000)
    const forged = Array.from(cursor, (_, index) =>
      Array.from('A0a._%= ', (one) => cursor.slice(0, index) + one + cursor.slice(index + 1)),
    ).flat()
    const good = forged.filter(
      (one) =>
        !hasCode(
          failure(() => cursors.decode(one)),
          'CURSOR_INVALID',
        ),
    )
    expect(good.every((one) => one === cursor)).toBe(true)
  })

  it('that were never ours are refused, whatever they are', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'binary' })), (text) => {
        expect(failure(() => cursors.decode(text))).toEqual(invalid)
      }),
    )
    const mac = 'A'.repeat(43)
    for (const text of [
      '',
      '1.new.0',
      `1.new.00.${mac}`,
      `1.new.-1.${mac}`,
      `1.new.1e5.${mac}`,
      `1.new.zzzzzzzzzzzz.${mac}`,
      `1.gone.0.${mac}`,
      `1.__proto__.0.${mac}`,
    ]) {
      expect(failure(() => cursors.decode(text))).toEqual(invalid)
    }
  })

  it('signed by an older key are good until the key is dropped', () => {
    const cursor = createCursorCodec([old]).for(tenant, 's').encode(7)
    expect(cursors.decode(cursor)).toBe(7)
    const without = createCursorCodec([current]).for(tenant, 's')
    expect(failure(() => without.decode(cursor))).toEqual(invalid)
    expect(cursors.encode(7).split('.')[1]).toBe('new')
  })

  it('are not taken from a key that only has the name of ours', () => {
    const forged = createCursorCodec([key('new', 9)])
      .for(tenant, 's')
      .encode(7)
    expect(failure(() => cursors.decode(forged))).toEqual(invalid)
  })
})

describe('cursor keys', () => {
  const encoded = Buffer.alloc(32, 3).toString('base64')

  it('are read in order, the first of which signs', () => {
    const keys = parseCursorKeys(`b:${encoded}, a:${encoded}`)
    expect(keys.map((one) => one.kid)).toEqual(['b', 'a'])
    expect(keys[0].secret).toEqual(Buffer.alloc(32, 3))
  })

  it('that are malformed, short or doubled are refused without being repeated', () => {
    const short = Buffer.alloc(31, 3).toString('base64')
    for (const text of [
      '',
      encoded,
      `:${encoded}`,
      `a b:${encoded}`,
      `a:${short}`,
      `a:${encoded},`,
      `a:${encoded},a:${encoded}`,
    ]) {
      const error = failure(() => parseCursorKeys(text))
      expect(error).toMatchObject({ code: 'INVALID_INPUT' })
      expect(String(error)).not.toContain(encoded)
    }
  })
})
