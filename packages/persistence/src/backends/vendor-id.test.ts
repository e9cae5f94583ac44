import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readVendorId, vendorId } from './vendor-id.js'

const forbidden = /[~/#]/gu

describe('the id of a record at a vendor', () => {
  it('is the key itself where nothing in it is forbidden', () => {
    expect(vendorId('rev:0001%23', forbidden, 100)).toBe('rev:0001%23')
  })

  it('leads back to the key, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (key) => {
        const id = vendorId(key, forbidden, 1_000)
        expect(id).not.toMatch(/[/#]/)
        expect(readVendorId(id)).toBe(key)
      }),
    )
  })

  it('lets no key look like the escaped form of another', () => {
    expect(vendorId('a~23b', forbidden, 100)).toBe('a~7E23b')
    expect(vendorId('a#b', forbidden, 100)).toBe('a~23b')
  })

  it('is a digest where it would be too long, and the digest of no short key', () => {
    const [one, other] = ['a', 'b'].map((end) => vendorId('x'.repeat(90) + end, forbidden, 60))
    expect(one).toMatch(/^~~[\w-]{43}$/)
    expect(other).not.toBe(one)
    expect(readVendorId(one ?? '')).toBeNull()
    expect(vendorId(one ?? '', forbidden, 100)).not.toBe(one)
  })
})
