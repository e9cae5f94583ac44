import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { JsonObject, RecordTable, RecordVersion } from '../../ports/record-table.js'
import type { OpenBackend } from '../backend.js'
import type { BackendConfig } from '../config-spec.js'
import { checkConsistency } from './account.js'
import { createCosmosBackend } from './cosmos-backend.js'
import {
  startScriptedCosmos,
  type CosmosAnswer,
  type ScriptedCosmos,
} from './testing/scripted-cosmos.js'

const written: CosmosAnswer = (body) => ({
  status: 201,
  body: Array.isArray(body)
    ? body.map(() => ({ statusCode: 201, eTag: '"1"' }))
    : { ...(body as JsonObject), _etag: '"1"' },
})
const nothing: CosmosAnswer = { status: 200, body: { Documents: [], _count: 0 } }
const throttled: CosmosAnswer = { status: 429, substatus: 3_200, retryAfterMs: 40 }
const away: CosmosAnswer = { status: 503 }
const conflict: CosmosAnswer = { status: 409 }
const timing = { attemptTimeoutMs: 1_000, totalTimeoutMs: 6_000, maxAttempts: 4, firstBackoffMs: 1 }
const version = '/"1"' as RecordVersion
const two = ['a', 'b'].map((sk) => ({ op: 'put', sk, value: {} }) as const)

describe('Cosmos, when it fails', () => {
  let server: ScriptedCosmos
  let backend: OpenBackend
  let table: RecordTable

  beforeAll(async () => {
    server = await startScriptedCosmos()
  })
  afterAll(() => server.stop())
  beforeEach(() => {
    backend = open(server.endpoint)
    table = backend.records.for(testTenant().tenantId)
  })
  afterEach(() => backend.close())

  function open(endpoint: string): OpenBackend {
    const secrets = (): Promise<string> =>
      Promise.resolve(Buffer.from('hunter2').toString('base64'))
    return createCosmosBackend({ cosmosEndpoints: [endpoint], secrets }, timing).open({
      endpoint,
      key: 'secret:cosmos',
      database: 'heirloom',
    })
  }

  it('is asked again after throttling, contention and an outage', async () => {
    server.answer(throttled, { status: 449 }, away, written)
    await table.put('p', 'k', {})
    expect(server.requests).toHaveLength(4)
    server.answer('hang up', { status: 410 }, written)
    await table.transact('p', two)
    expect(server.requests).toHaveLength(3)
    server.answer(away, { status: 410 }, { status: 404 })
    expect(await table.get('p', 'k')).toBeNull()
    server.answer(throttled, 'hang up', nothing)
    expect((await table.query('p', { limit: 1 })).records).toEqual([])
  })

  it.each([['one', two.slice(1)] as const, ['a batch', two] as const])(
    'is not asked again before the time that it asks for: %s',
    async (_, writes) => {
      server.answer(throttled, throttled, written)
      await table.transact('p', writes)
      const [first, second, third] = server.requests.map(({ at }) => at)
      expect(server.requests).toHaveLength(3)
      // A timer may fire a millisecond early.
      expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(39)
      expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(39)
    },
  )

  it.each([
    [throttled, 'BACKEND_UNAVAILABLE', 'throttles'],
    [{ status: 449 }, 'BACKEND_UNAVAILABLE', 'too many writers'],
    [away, 'BACKEND_UNAVAILABLE', 'cannot be reached'],
    ['hang up', 'BACKEND_UNAVAILABLE', 'cannot be reached'],
    [{ status: 408 }, 'TIMEOUT', 'did not answer'],
    ['silence', 'TIMEOUT', 'did not answer'],
  ] as const)('is given up in the end, with a hint when to return: %j', async (...args) => {
    const [answer, code, words] = args
    const gone = {
      code,
      message: expect.stringContaining(words),
      details: { retry_after_ms: 1_000 },
    }
    server.answer(answer)
    await expect(table.put('p', 'k', {})).rejects.toMatchObject(gone)
    await expect(table.transact('p', two)).rejects.toMatchObject(gone)
    await expect(table.query('p', { limit: 1 })).rejects.toMatchObject(gone)
  })

  it.each([
    [401, undefined, 'refuses the key'],
    [403, 3, 'firewall'],
    [404, 1_003, 'no such container'],
    [400, 1_001, 'partition key /pk'],
  ])('says what is wrong with the account: status %i', async (status, substatus, words) => {
    const body = { message: 'PartitionKey extracted from document does not match' }
    server.answerAll({ status, ...(substatus === undefined ? {} : { substatus }), body })
    const wrong = { code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining(words) }
    await expect(backend.ping()).rejects.toMatchObject(wrong)
    await expect(table.get('p', 'k')).rejects.toMatchObject(wrong)
    await expect(table.put('p', 'k', {})).rejects.toMatchObject(wrong)
    await expect(table.transact('p', two)).rejects.toMatchObject(wrong)
    await expect(table.query('p', { limit: 1 })).rejects.toMatchObject(wrong)
  })

  it('says what it finds too large', async () => {
    server.answer({ status: 413 })
    await expect(table.put('p', 'k', {})).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    await expect(table.transact('p', two)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    server.answer({ status: 400 })
    await expect(table.put('p', 'k', {})).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it('is sent nothing that is too large', async () => {
    server.answer(written)
    const { maxItemBytes, maxTransactBytes } = table.capabilities
    const text = 'x'.repeat(maxTransactBytes / 2)
    const key = '\u0001'.repeat(1_024)
    for (const writes of [
      [{ op: 'put', sk: 'k', value: { text: 'x'.repeat(maxItemBytes) } } as const],
      two.map((write) => ({ ...write, value: { text } })),
      Array.from({ length: 90 }, (_, n) => {
        return {
          op: 'put',
          sk: `${key.slice(2)}${n}`,
          value: { text: 'x'.repeat(15_000) },
        } as const
      }),
    ]) {
      await expect(table.transact(key, writes)).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    }
    expect(server.requests).toEqual([])
  })

  it('knows its own write again that it was not told of', async () => {
    let sent: JsonObject = {}
    const made: CosmosAnswer = (body) => {
      sent = body as JsonObject
      return { status: 503 }
    }
    const found: CosmosAnswer = () => ({
      status: 200,
      body: { Documents: [{ ...sent, _etag: '"7"' }], _count: 1 },
    })
    server.answer(made, conflict, found)
    expect(await table.put('p', 'k', {}, { expect: 'absent' })).toBe('/"7"')
    expect(server.requests).toHaveLength(3)
  })

  it('is not taken at its word for a conflict that may be our own earlier write', async () => {
    server.answer('hang up', { status: 404 }, nothing)
    await expect(table.delete('p', 'k', { expect: { version } })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('did not say whether'),
    })
    server.answer(throttled, { status: 404 }, nothing)
    await expect(table.delete('p', 'k', { expect: { version } })).rejects.toMatchObject({
      code: 'CONFLICT',
    })
  })

  it('replaces what is to be removed and is not there, so that a batch removes it surely', async () => {
    const failed: CosmosAnswer = () => ({
      status: 207,
      body: [{ statusCode: 424 }, { statusCode: 404 }],
    })
    server.answer(failed, nothing, written)
    await table.transact('p', [
      { op: 'put', sk: 'a', value: {} },
      { op: 'delete', sk: 'b' },
    ])
    expect(server.requests.map(({ what }) => what)).toEqual([
      'POST batch',
      'POST query',
      'POST batch',
    ])
    expect(server.requests.at(-1)?.body).toMatchObject([
      { operationType: 'Upsert', resourceBody: { sk: 'a' } },
      { operationType: 'Upsert', resourceBody: { sk: 'b', ttl: 1, expires_at: 0, value: {} } },
    ])
  })

  it('is asked for one partition, by the option and in the query itself', async () => {
    server.answer(nothing)
    await table.query('p', { limit: 1, prefix: 'a#', after: 'a#ü' })
    const body = server.requests[0]?.body as {
      readonly query: string
      readonly parameters: readonly { readonly name: string; readonly value: unknown }[]
    }
    expect(body.query).toContain('WHERE c.pk = @pk AND c.tenant_id = @tenant')
    expect(body.parameters.map(({ value }) => value)).toEqual(
      expect.arrayContaining(['p', 'a#', 'a$', 'a#~C3~BC']),
    )
  })

  it('that is not there says so', async () => {
    const gone = open('http://127.0.0.1:1')
    await expect(gone.ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    await gone.close()
  })
})

describe('the config of Cosmos', () => {
  const environment = { secrets: () => Promise.resolve('key') }
  const config = { account: 'heirloom', key: 'secret:cosmos', database: 'records' }
  const { endpoint } = { endpoint: 'https://heirloom.documents.azure.com:443/' }

  it.each<BackendConfig>([
    {},
    { account: 'heirloom', endpoint },
    { account: 'heirloom.example.com/' },
    { endpoint: 'http://heirloom.documents.azure.com/' },
    { endpoint: 'https://heirloom.documents.azure.com.example.com/' },
    { endpoint: 'https://example.com/?.documents.azure.com/' },
    { endpoint: 'http://169.254.169.254/' },
    { endpoint, database: 'a/b' },
    { endpoint, container: '#' },
    { endpoint, partition_key: '/tenant' },
  ])('is refused where it cannot work, or would lead elsewhere: %j', (part) => {
    const backend = createCosmosBackend(environment)
    const { account: _, ...rest } = config
    expect(() => backend.open({ ...rest, ...part })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  })

  it('is refused by a process without secrets', () => {
    expect(() => createCosmosBackend({}).open(config)).toThrow('was given no secrets')
  })

  it('opens nothing before it is used', async () => {
    const open = createCosmosBackend(environment).open({ ...config, partition_key: '/pk' })
    expect(await open.close()).toBeUndefined()
  })
})

describe('the consistency of a Cosmos account', () => {
  it.each(['Strong', 'BoundedStaleness'])('is enough with %s', (policy) => {
    expect(() => checkConsistency(policy)).not.toThrow()
  })

  it.each(['Session', 'ConsistentPrefix', 'Eventual', undefined])(
    'is refused with %s, which would hide what others have written',
    (policy) => {
      expect(() => checkConsistency(policy)).toThrow(
        expect.objectContaining({ code: 'BACKEND_UNAVAILABLE' }),
      )
    },
  )
})
