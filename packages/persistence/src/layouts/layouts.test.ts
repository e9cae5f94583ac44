import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BackendType } from '../backends/backend.js'
import { nativeCollections, nativeKey, nativePartitionKey } from '../ports/key-layout.js'
import { keyPattern } from '../ports/key-pattern.js'
import { tenantId } from '@heirloom/tenancy'
import { isResourceKind, resourceKindNames, resourceKinds } from '../resource-kinds.js'
import { keyLayoutOf, layoutsByKind, storeNeedsOf } from './by-kind.js'
import { recordKeys, type RecordLayout } from './store-layout.js'

const tenants = [tenantId('t_one'), tenantId('t_two')] as const
const laidOut: readonly BackendType[] = ['dynamodb', 'cosmos', 'firestore']
const records: readonly (readonly [string, string, RecordLayout])[] = Object.entries(
  layoutsByKind,
).flatMap(([kind, { records: all }]) =>
  Object.entries(all).map(([name, record]) => [kind, name, record] as const),
)

/** What may be left out of a native key, and why no two records meet for it. */
const leftOut: Readonly<Record<string, readonly string[]>> = {
  // A thread belongs to the one mode that claimed its id; a message id is made from the timestamp.
  chat_store: ['mode', 'timestamp'],
  // Firestore names a tenant's scope by the tenant, and the system's has rows of its own.
  config_store: ['scope'],
}

function natives(record: RecordLayout): readonly (readonly [string, string])[] {
  return [
    ['dynamodb', `${record.dynamodb} ${record.sk}`],
    ['cosmos', `${record.cosmos.container ?? ''} ${record.cosmos.pk} ${record.cosmos.id}`],
    ['firestore', record.firestore],
  ]
}

describe('the layouts', () => {
  it('are there for every kind that a route can be for, and for no other', () => {
    expect(Object.keys(layoutsByKind).toSorted()).toEqual(resourceKindNames.toSorted())
    for (const kind of resourceKindNames.filter(isResourceKind)) {
      expect(layoutsByKind[kind]).toBe(resourceKinds[kind].layout)
    }
  })

  it('allow a surface where the requirements do, and nowhere else', () => {
    const surfaces = resourceKindNames
      .filter(isResourceKind)
      .filter((kind) => resourceKinds[kind].surface)
    expect(surfaces).toEqual(['chat_store', 'strategy_policy_store'])
  })

  it.each(records)('of %s (%s) name the tenant in every native key', (kind, _, record) => {
    const named = natives(record).filter(([, native]) => native.includes('{tenant_id}'))
    // The registry has one tenant, and the system's config lies with the one that runs the platform.
    const none =
      kind === 'routing_registry_store' ? 3 : record.pk.startsWith('config#system') ? 1 : 0
    expect(natives(record).length - named.length).toBe(none)
  })

  it.each(records)('of %s (%s) leave out no part of the neutral key', (kind, _, record) => {
    const wanted = [...keyPattern(record.pk).names, ...keyPattern(record.sk).names]
    for (const [, native] of natives(record)) {
      const missing = wanted.filter((name) => !new RegExp(`\\{${name}(\\.\\.\\.)?\\}`).test(native))
      expect(missing.filter((name) => leftOut[kind]?.includes(name) !== true)).toEqual([])
    }
  })

  it('keep the partitions of different kinds apart by their first words', () => {
    const first = new Map<string, string>()
    for (const [kind, , record] of records) {
      const word = record.pk.split('#', 1)[0] ?? ''
      expect(first.get(word) ?? kind).toBe(kind)
      first.set(word, kind)
    }
  })

  it.each(records)(
    'of %s (%s) can be a path of documents, with the record at its end',
    (_, __, record) => {
      expect(record.firestore.split('/').length % 2).toBe(0)
    },
  )
})

describe('native keys', () => {
  const part = fc.oneof(
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 6 }),
    fc.string({
      unit: fc.constantFrom('#', '%', '2', '3', '/', ':', 'a'),
      minLength: 1,
      maxLength: 6,
    }),
  )

  it.each(records)(
    'of %s (%s) never meet, whatever the parts of the neutral keys are',
    (kind, _, record) => {
      const names = [...new Set([...keyPattern(record.pk).names, ...keyPattern(record.sk).names])]
      const values = fc.record(Object.fromEntries(names.map((name) => [name, part])))
      const keys = recordKeys(record as { pk: string; sk: string })
      const dropped = leftOut[kind] ?? []
      fc.assert(
        fc.property(values, values, (one, other) => {
          for (const backend of laidOut) {
            const layout = keyLayoutOf(kind, backend)
            const native = (given: Record<string, string>, tenant = tenants[0]): string => {
              const pk = keys.pk(given)
              const { collection, partition, id } = nativeKey(tenant, pk, keys.sk(given), layout)
              // A document's path is all that Firestore knows it by.
              return JSON.stringify([collection, backend === 'firestore' ? null : partition, id])
            }
            const kept = (given: Record<string, string>): string =>
              JSON.stringify(
                names.filter((name) => !dropped.includes(name)).map((name) => given[name]),
              )
            expect(native(one) === native(other) && kept(one) !== kept(other)).toBe(false)
            // Who alone has a registry, or runs the platform, shares its keys with nobody.
            const alone =
              kind === 'routing_registry_store' ||
              (backend === 'firestore' && record.pk.startsWith('config#system'))
            expect(native(one, tenants[1]) === native(one)).toBe(alone)
          }
        }),
        { numRuns: 60 },
      )
    },
  )

  it('lie in the collections that a query of their partition looks into', () => {
    for (const [kind, , record] of records) {
      const values = new Proxy({}, { get: (_, name) => `v${String(name)}`, has: () => true })
      const keys = recordKeys(record as { pk: string; sk: string })
      const [pk, sk] = [keys.pk(values), keys.sk(values)]
      for (const backend of laidOut) {
        const layout = keyLayoutOf(kind, backend)
        const { collection, partition } = nativeKey(tenants[0], pk, sk, layout)
        const found = nativeCollections(tenants[0], pk, layout).find(
          (one) => JSON.stringify(one.collection) === JSON.stringify(collection),
        )
        expect(found).toBeDefined()
        expect(sk.startsWith(found?.prefix ?? '')).toBe(true)
        expect(nativePartitionKey(tenants[0], pk, layout)).toBe(partition)
      }
    }
  })

  it('let no value forge a part', () => {
    const layout = keyLayoutOf('firearms_policy_store', 'dynamodb')
    const sk = recordKeys(layoutsByKind['firearms_policy_store']?.records['grant'] as never).sk({
      actor_type: 'user',
      actor_id: 'a#b',
      firearm_id: 'c',
    })
    expect(nativeKey(tenants[0], 'firearms_policy', sk, layout)).toEqual({
      collection: null,
      partition: 'tenant#t_one',
      id: 'grant#user#a%23b#c',
    })
  })
})

describe('what a kind of store needs', () => {
  const kinds = Object.keys(layoutsByKind)

  it.each(kinds)('of %s names the kinds of record that its indexes find', (kind) => {
    for (const { record, fields, numeric = [] } of layoutsByKind[kind]?.indexes ?? []) {
      expect(Object.keys(layoutsByKind[kind]?.records ?? {})).toContain(record)
      expect(fields).toEqual(expect.arrayContaining([...numeric]))
    }
  })

  it.each(kinds)('of %s names each collection that its records lie in, once', (kind) => {
    const { collections = [] } = storeNeedsOf(kind, 'firestore') ?? {}
    const names = collections.flatMap(({ name }) => name ?? [])
    expect(new Set(names).size).toBe(names.length)
    for (const record of Object.values(layoutsByKind[kind]?.records ?? {})) {
      const last = record.firestore.split('/').at(-2) ?? ''
      expect(last.includes('{') || names.includes(last)).toBe(true)
    }
    // There is but one table of DynamoDB, and of Postgres.
    expect(storeNeedsOf(kind, 'dynamodb')?.collections).toEqual([])
    expect(storeNeedsOf(kind, 'postgres')).toEqual({ collections: [], indexes: [] })
  })

  it('is nothing for a kind that is none', () => {
    expect(storeNeedsOf('constructor', 'dynamodb')).toBeUndefined()
  })
})
