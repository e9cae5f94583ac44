import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { TenantId } from '@heirloom/tenancy'
import type { OpenBackend } from '../backend.js'
import type { BackendConfig } from '../config-spec.js'
import { failedWrites } from '../../ports/conflict.js'
import type { RecordTable, RecordVersion } from '../../ports/record-table.js'
import { createDynamoDbBackend } from './dynamodb-backend.js'
import {
  startScriptedServer,
  type Answer,
  type ScriptedRequest,
  type ScriptedServer,
} from './testing/scripted-server.js'

const maxAttempts = 4
const version = '3f0c1a52-7a53-4f0e-9a77-0d8e3f1c2b4a' as RecordVersion

describe('DynamoDB, when it fails', () => {
  let server: ScriptedServer
  let backend: OpenBackend
  let tenant: TenantId
  let table: RecordTable

  beforeAll(async () => {
    server = await startScriptedServer()
    backend = createDynamoDbBackend(
      {
        dynamoDbEndpoints: [server.endpoint],
        secrets: (name) => Promise.resolve(`fake-${name}`),
      },
      { attemptTimeoutMs: 500, maxAttempts, firstBackoffMs: 1 },
    ).open({
      table_name: 'records',
      region: 'eu-central-1',
      endpoint: server.endpoint,
      access_key_id: 'secret:id',
      secret_access_key: 'secret:key',
    })
  })
  afterAll(async () => {
    await backend.close()
    await server.stop()
  })
  beforeEach(() => {
    tenant = testTenant().tenantId
    table = backend.records.for(tenant)
  })

  const failing = (error: string, status = 400, fields = {}) => {
    return (): Answer => ({ error, status, fields })
  }
  const fine = (): Answer => ({ body: {} })
  const cancelled = (...codes: readonly string[]) =>
    failing('TransactionCanceledException', 400, {
      CancellationReasons: codes.map((Code) => ({ Code })),
    })
  const two = [
    { op: 'put', sk: 'a', value: {} },
    { op: 'put', sk: 'b', value: {} },
  ] as const
  const twoExpecting = two.map((write) => ({ ...write, expect: 'absent' as const }))

  it.each([
    ['UnrecognizedClientException', 'refuses the credentials'],
    ['InvalidSignatureException', 'refuses the credentials'],
    ['ExpiredTokenException', 'refuses the credentials'],
    ['AccessDeniedException', 'allow dynamodb:GetItem'],
    ['ResourceNotFoundException', 'heirloom routes provision'],
  ])('names what helps against %s, and asks once', async (fault, message) => {
    server.answer(failing(fault))
    for (const attempt of [
      () => table.get('p', 'k'),
      () => table.put('p', 'k', {}),
      () => table.query('p', { limit: 1 }),
      () => table.transact('p', two),
      () => backend.ping(),
    ]) {
      server.answer(failing(fault))
      const refusal = await attempt().catch((reason: unknown) => reason)
      expect(refusal).toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      expect(String(refusal)).toContain(message)
      expect(String(refusal)).not.toContain('fake-')
      expect(server.requests).toHaveLength(1)
    }
  })

  it('repeats what was throttled, and gives up with a hint when to come back', async () => {
    const throttled = failing('ProvisionedThroughputExceededException')
    server.answer(throttled, throttled, fine)
    await table.put('p', 'k', {})
    expect(server.requests).toHaveLength(3)
    for (const answer of [
      throttled,
      failing('ThrottlingException'),
      failing('RequestLimitExceeded'),
      cancelled('None', 'ThrottlingError'),
    ]) {
      server.answer(answer)
      await expect(table.transact('p', two)).rejects.toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        message: 'DynamoDB throttles this table',
        details: { retry_after_ms: 1_000 },
      })
      expect(server.requests).toHaveLength(maxAttempts)
    }
  })

  it('repeats a transaction that met another, under the same token', async () => {
    const met = cancelled('TransactionConflict', 'None')
    server.answer(met, met, fine)
    await table.transact('p', two)
    const tokens = server.requests.map(({ body }) => body['ClientRequestToken'])
    expect(tokens).toEqual(Array(3).fill(tokens[0]))
  })

  it('lets who expects something look again when transactions keep meeting', async () => {
    server.answer(cancelled('None', 'TransactionConflict'))
    const error = await table.transact('p', twoExpecting).catch((reason: unknown) => reason)
    expect(failedWrites(error)).toEqual([])
    expect(server.requests).toHaveLength(maxAttempts)
    server.answer(cancelled('None', 'TransactionConflict'))
    await expect(table.transact('p', two)).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      details: { retry_after_ms: 1_000 },
    })
    server.answer(failing('TransactionConflictException'))
    await expect(table.put('p', 'k', {})).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })

  it('says which expectations failed, also when others only met another transaction', async () => {
    server.answer(cancelled('TransactionConflict', 'ConditionalCheckFailed'))
    const error = await table.transact('p', twoExpecting).catch((reason: unknown) => reason)
    expect(failedWrites(error)).toEqual([1])
    expect(server.requests).toHaveLength(1)
  })

  it('gives up on a server that keeps silent', async () => {
    server.answer(() => 'silence')
    await expect(table.get('p', 'k')).rejects.toMatchObject({ code: 'TIMEOUT' })
    expect(server.requests).toHaveLength(maxAttempts)
  })

  it('says so when nobody listens', async () => {
    const away = createDynamoDbBackend(
      { dynamoDbEndpoints: ['http://127.0.0.1:1'], secrets: () => Promise.resolve('fake') },
      { maxAttempts: 2, firstBackoffMs: 1 },
    ).open({
      table_name: 'records',
      region: 'eu-central-1',
      endpoint: 'http://127.0.0.1:1',
      access_key_id: 'secret:id',
      secret_access_key: 'secret:key',
    })
    await expect(away.ping()).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      details: { retry_after_ms: 1_000 },
    })
    await away.close()
  })

  it('recognises its own put when the answer to it was lost', async () => {
    const losses: readonly (() => Answer)[] = [
      () => 'hang up',
      () => 'silence',
      failing('InternalServerError', 500),
    ]
    for (const lost of losses) {
      let item: unknown
      server.answer(
        (request) => {
          item = request.body['Item']
          return lost()
        },
        ({ body }) => {
          expect(body['ReturnValuesOnConditionCheckFailure']).toBe('ALL_OLD')
          return { error: 'ConditionalCheckFailedException', fields: { Item: item } }
        },
      )
      const written = await table.put('p', 'k', {}, { expect: 'absent' })
      expect(item).toMatchObject({ version: { S: written } })
    }
  })

  it('does not call it a conflict when it cannot know whether it wrote', async () => {
    const refused = failing('ConditionalCheckFailedException')
    for (const attempt of [
      () => table.put('p', 'k', {}, { expect: { version } }),
      () => table.delete('p', 'k', { expect: { version } }),
    ]) {
      server.answer(() => 'hang up', refused)
      await expect(attempt()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
      server.answer(failing('ThrottlingException'), refused)
      await expect(attempt()).rejects.toMatchObject({ code: 'CONFLICT' })
    }
  })

  it('repeats a transaction without an answer under the same token', async () => {
    server.answer(() => 'hang up', failing('TransactionInProgressException'), fine)
    await table.transact('p', twoExpecting)
    const [first, ...rest] = server.requests.map(({ body }) => body['ClientRequestToken'])
    expect(rest).toEqual([first, first])
  })

  it('does not read its secrets anew for every request', async () => {
    const read: string[] = []
    const other = createDynamoDbBackend({
      dynamoDbEndpoints: [server.endpoint],
      secrets: (name) => {
        read.push(name)
        return Promise.resolve(`fake-${name}`)
      },
    }).open({
      table_name: 'records',
      region: 'eu-central-1',
      endpoint: server.endpoint,
      access_key_id: 'secret:id',
      secret_access_key: 'secret:key',
    })
    server.answer(fine)
    for (let n = 0; n < 5; n += 1) await other.records.for(tenant).get('p', `${n}`)
    await other.close()
    expect(server.requests).toHaveLength(5)
    expect(read).toEqual(['id', 'key'])
  })

  it('sends nothing that is too large or cannot be kept', async () => {
    server.answer(fine)
    const { maxItemBytes, maxTransactItems } = table.capabilities
    const copied = backend.records.for(tenant, { attributes: ['text'] })
    const many = Array.from({ length: maxTransactItems + 1 }, (_, n) => {
      return { op: 'put', sk: `${n}`, value: {} } as const
    })
    const large = Array.from({ length: 11 }, (_, n) => {
      return { op: 'put', sk: `${n}`, value: { text: 'x'.repeat(370_000) } } as const
    })
    for (const attempt of [
      () => table.put('p', 'k', { text: 'x'.repeat(maxItemBytes) }),
      // Its copy for an index counts as well.
      () => copied.put('p', 'k', { text: 'x'.repeat(maxItemBytes / 2 + 5_000) }),
      () => table.transact('p', many),
      () => table.transact('p', large),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    }
    for (const attempt of [
      () => table.put('p'.repeat(2_048), 'k', {}),
      () => table.get('p', 'k'.repeat(2_048)),
      () => table.query('p', { limit: 1, prefix: 'k'.repeat(2_048) }),
      () => table.query('p', { limit: 1, after: 'a\0' }),
      () => table.query('p', { limit: 1, before: '\uD83D' }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    }
    expect(server.requests).toEqual([])
  })

  it('asks for no range that nothing can be in', async () => {
    server.answer(fine)
    for (const range of [
      { prefix: 'b', before: 'a' },
      { prefix: 'a', after: 'b' },
      { after: 'b', before: 'a' },
      { after: 'a', before: 'a' },
      { before: '' },
    ]) {
      expect(await table.query('p', { limit: 1, ...range })).toEqual({ records: [], next: null })
    }
    expect(server.requests).toEqual([])
  })

  describe('reading many at once', () => {
    const itemOf = (sk: string) => ({
      PK: { S: `${tenant}#p` },
      SK: { S: sk },
      tenant_id: { S: tenant },
      version: { S: version },
      data: { S: '{}' },
    })
    const keysOf = ({ body }: ScriptedRequest): readonly string[] => {
      const { records } = body['RequestItems'] as {
        records: { Keys: { SK: { S: string } }[]; ConsistentRead: boolean }
      }
      expect(records.ConsistentRead).toBe(true)
      return records.Keys.map(({ SK }) => SK.S)
    }
    const processing =
      (count: number) =>
      (request: ScriptedRequest): Answer => {
        const keys = keysOf(request)
        const left = keys.slice(count).map((sk) => ({ PK: { S: `${tenant}#p` }, SK: { S: sk } }))
        return {
          body: {
            Responses: { records: keys.slice(0, count).map(itemOf) },
            UnprocessedKeys: left.length === 0 ? {} : { records: { Keys: left } },
          },
        }
      }

    it('asks again for keys that came back unprocessed, and for no others', async () => {
      const throttled = failing('ProvisionedThroughputExceededException')
      server.answer(processing(2), processing(0), throttled, processing(1), processing(9))
      const found = await table.getMany('p', ['d', 'a', 'c', 'a', 'b'])
      expect(found.map((record) => record?.sk)).toEqual(['d', 'a', 'c', 'a', 'b'])
      expect(server.requests.map(keysOf)).toEqual([
        ['d', 'a', 'c', 'b'],
        ['c', 'b'],
        ['c', 'b'],
        ['c', 'b'],
        ['b'],
      ])
    })

    it('gives up when nothing is processed any more, with a hint when to come back', async () => {
      server.answer(processing(1), processing(0))
      await expect(table.getMany('p', ['a', 'b'])).rejects.toMatchObject({
        code: 'BACKEND_UNAVAILABLE',
        message: 'DynamoDB throttles this table',
        details: { retry_after_ms: 1_000 },
      })
      expect(server.requests).toHaveLength(1 + maxAttempts)
    })

    it('sends nothing when it was asked for nothing', async () => {
      server.answer(fine)
      expect(await table.getMany('p', [])).toEqual([])
      expect(server.requests).toEqual([])
    })
  })

  it('reads strongly, and nothing that is not of the tenant', async () => {
    const item = (owner: string) => ({
      PK: { S: 'x' },
      SK: { S: 'k' },
      tenant_id: { S: owner },
      version: { S: version },
      data: { S: '{}' },
    })
    const strong = (request: ScriptedRequest, body: object): Answer => {
      expect(request.body['ConsistentRead']).toBe(true)
      return { body }
    }
    server.answer((request) => strong(request, { Item: item('other') }))
    expect(await table.get('p', 'k')).toBeNull()
    server.answer((request) => strong(request, { Items: [item('other'), item(tenant)] }))
    expect((await table.query('p', { limit: 9 })).records).toHaveLength(1)
  })
})

describe('a route to DynamoDB', () => {
  const environment = { dynamoDbEndpoints: ['http://127.0.0.1:8000'] }
  const config = { table_name: 'records', region: 'eu-central-1' }

  it.each([
    { ...config, endpoint: 'http://169.254.169.254' },
    { ...config, endpoint: 'http://127.0.0.1:8000/' },
    { ...config, region: 'evil.example/?' },
    { ...config, region: 'eu-central-1.evil.example' },
    { ...config, region: '' },
    { ...config, table_name: 'a' },
    { ...config, table_name: 'arn:aws:dynamodb:eu-central-1:1:table/x' },
    { ...config, access_key_id: 'secret:id' },
    { ...config, secret_access_key: 'secret:key' },
    { ...config, access_key_id: 'secret:id', secret_access_key: 'secret:key' },
  ])('that leads elsewhere, or gives half of what is needed, is refused: %j', (wrong) => {
    expect(() => createDynamoDbBackend(environment).open(wrong)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  })

  it('may use AWS itself in any region, and an endpoint that the process allows', async () => {
    const backend = createDynamoDbBackend(environment)
    const variants: readonly BackendConfig[] = [
      { region: 'us-east-1' },
      { region: 'ap-southeast-2' },
      { region: 'us-gov-west-1' },
      { region: 'cn-north-1' },
      { endpoint: 'http://127.0.0.1:8000' },
    ]
    for (const variant of variants) {
      const open = backend.open({ ...config, ...variant })
      expect(open.records.for(testTenant().tenantId).capabilities.changes).toBe('none')
      await open.close()
    }
  })
})
