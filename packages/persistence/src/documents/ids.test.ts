import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tenantId } from '@heirloom/tenancy'
import { databaseId, hash128, scopedId, scopePrefix } from './ids.js'

describe('ids', () => {
  it('are the first 128 bits of BLAKE3, in hex', () => {
    // https://github.com/BLAKE3-team/BLAKE3/blob/master/test_vectors/test_vectors.json, input 0.
    expect(hash128('')).toBe('af1349b9f5f9a1a6a0404dea36dcc949')
    expect(databaseId('default', '')).toBe('default:af1349b9f5f9a1a6a0404dea36dcc949')
  })

  it('differ by database and by tenant for the same path, and never run into each other', () => {
    const name = fc.stringMatching(/^[a-z][a-z0-9_-]{1,5}$/)
    const place = fc.record({ tenant: name, database: name, path: fc.string() })
    fc.assert(
      fc.property(place, place, (one, other) => {
        const id = ({ tenant, database, path }: typeof one): string =>
          scopedId({ tenant: tenantId(tenant), database }, databaseId(database, path))
        const scope = { tenant: tenantId(other.tenant), database: other.database }
        const sameScope = one.tenant === other.tenant && one.database === other.database
        expect(id(one).startsWith(scopePrefix(scope))).toBe(sameScope)
        expect(id(one) === id(other)).toBe(sameScope && one.path === other.path)
      }),
    )
  })
})
