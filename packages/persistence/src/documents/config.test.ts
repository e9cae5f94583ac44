import { describe, expect, it } from 'vitest'
import { parseStorageConfig } from './config.js'

const secret = 'hunter2'
const single = { strategy: 'single', primary: 'main' }
const good = {
  backends: {
    main: { type: 'postgres', url: `postgres://u:${secret}@h/d` },
    mongo: { type: 'mongo', uri: `mongodb://u:${secret}@h/`, db: 'd' },
    redis: { type: 'redis', url: `redis://:${secret}@h` },
  },
  databases: {
    default: {
      document: { strategy: 'dual-write', primary: 'mongo', shadow: 'main' },
      user: single,
      revocation: { strategy: 'single', primary: 'redis' },
    },
    vault: { tenants: ['t_one'], document: single },
  },
  documents: {
    softDeleteRetentionMs: 1_000,
    indexes: [{ collection: 'people/*/letters', fields: [{ field: 'to' }] }],
  },
}

function failure(input: unknown): unknown {
  try {
    return parseStorageConfig(input)
  } catch (error) {
    return error
  }
}

describe('the config of storage', () => {
  it('is taken when it is whole', () => {
    expect(parseStorageConfig(good)).toEqual({
      ...good,
      databases: {
        ...good.databases,
        default: {
          ...good.databases.default,
          document: { ...good.databases.default.document, reads: 'primary' },
        },
      },
      documents: {
        softDeleteRetentionMs: 1_000,
        indexes: [{ collection: 'people/*/letters', fields: [{ field: 'to', direction: 'asc' }] }],
      },
    })
  })

  const { default: first } = good.databases
  const replace = (what: object): unknown => ({ ...good, ...what })
  const databases = (what: object): unknown => replace({ databases: { default: first, ...what } })
  const backends = (what: object): unknown =>
    replace({ backends: { ...good.backends, main: what } })
  it.each<[string, unknown, RegExp]>([
    ['that is none', null, /storage must be an object/],
    ['with a field that nobody knows', replace({ databses: {} }), /no field "databses"/],
    ['without databases', replace({ databases: {} }), /must bind the database "default"/],
    [
      'whose default lacks a store',
      databases({ default: { document: single, user: single } }),
      /must bind "revocation"/,
    ],
    [
      'whose default is one tenant’s own',
      databases({ default: { ...first, tenants: ['t_one'] } }),
      /no "tenants"/,
    ],
    ['with a database that has no name', databases({ '': {} }), /must be named/],
    ['with a database named beyond the rules', databases({ 'A:B': {} }), /must be named/],
    ['with tenants that are none', databases({ vault: { tenants: [] } }), /must name a tenant/],
    [
      'with a tenant that is none',
      databases({ vault: { tenants: ['T 1'] } }),
      /is not a tenant id/,
    ],
    [
      'with an unknown strategy',
      databases({ x: { document: { ...single, strategy: 'both' } } }),
      /must be single, dual-write or read-replica/,
    ],
    [
      'with a backend that is not there',
      databases({ x: { document: { ...single, primary: 'y' } } }),
      /names no backend/,
    ],
    [
      'with a backend of Object',
      databases({ x: { document: { ...single, primary: 'constructor' } } }),
      /names no backend/,
    ],
    [
      'with documents on Redis',
      databases({ x: { document: { ...single, primary: 'redis' } } }),
      /is redis; "document" can be postgres or mongo/,
    ],
    [
      'with revocations on MongoDB',
      databases({ x: { revocation: { ...single, primary: 'mongo' } } }),
      /can be postgres or redis/,
    ],
    [
      'with a shadow of single',
      databases({ x: { user: { ...single, shadow: 'mongo' } } }),
      /single has a primary alone/,
    ],
    [
      'with a shadow that is the primary',
      databases({ x: { user: { strategy: 'dual-write', primary: 'main', shadow: 'main' } } }),
      /another backend/,
    ],
    [
      'without a shadow',
      databases({ x: { user: { strategy: 'read-replica', primary: 'main' } } }),
      /shadow must be a text/,
    ],
    [
      'with reads from nowhere',
      databases({
        x: { user: { strategy: 'dual-write', primary: 'main', shadow: 'mongo', reads: 'both' } },
      }),
      /is primary or shadow/,
    ],
    ['with a backend of no type', backends({ url: secret }), /type must be a text/],
    [
      'with a backend of another type',
      backends({ type: secret }),
      /must be postgres, mongo or redis/,
    ],
    [
      'with a backend that has a field too many',
      backends({ type: 'postgres', url: secret, user: secret }),
      /no field "user"/,
    ],
    ['with a backend without a url', backends({ type: 'postgres' }), /url must be a text/],
    [
      'with a retention that is none',
      replace({ documents: { softDeleteRetentionMs: 0 } }),
      /above 0/,
    ],
    [
      'with an index on no collection',
      replace({
        documents: { indexes: [{ collection: 'people/ada/letters', fields: [{ field: 'a' }] }] },
      }),
      /with \* for the ids/,
    ],
    [
      'with an index of a field twice',
      replace({
        documents: { indexes: [{ collection: 'p', fields: [{ field: 'a' }, { field: 'a' }] }] },
      }),
      /different fields/,
    ],
    [
      'with an index of an odd field',
      replace({ documents: { indexes: [{ collection: 'p', fields: [{ field: "a'b" }] }] } }),
      /a field of a query/,
    ],
    [
      'with an index of no direction',
      replace({
        documents: { indexes: [{ collection: 'p', fields: [{ field: 'a', direction: 1 }] }] },
      }),
      /asc or desc/,
    ],
  ])('is refused %s, and its secrets are not repeated', (_, input, message) => {
    const error = failure(input)
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringMatching(message) })
    expect(String(error)).not.toContain(secret)
  })
})
