import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import type { RecordTable, RecordVersion } from '../../ports/record-table.js'
import type { OpenBackend } from '../backend.js'
import type { BackendConfig } from '../config-spec.js'
import { createFirestoreBackend } from './firestore-backend.js'
import { startScriptedGrpc, type GrpcAnswer, type ScriptedGrpc } from './testing/scripted-grpc.js'

const written: GrpcAnswer = { messages: [Buffer.alloc(0)] }
const nothing: GrpcAnswer = { messages: [] }
const aborted: GrpcAnswer = { status: 10, message: 'Too much contention on these documents.' }
const throttled: GrpcAnswer = { status: 8, message: 'Quota exceeded.' }
const away: GrpcAnswer = { status: 14, message: 'The service is currently unavailable.' }
const refused: GrpcAnswer = { status: 9, message: 'the stored version does not match' }
const version = '1795205633.242002000.' as RecordVersion
const timing = { attemptTimeoutMs: 1_000, totalTimeoutMs: 6_000, maxAttempts: 4, firstBackoffMs: 1 }

describe('Firestore, when it fails', () => {
  let server: ScriptedGrpc
  let backend: OpenBackend
  let table: RecordTable

  beforeAll(async () => {
    server = await startScriptedGrpc()
  })
  afterAll(() => server.stop())
  beforeEach(() => {
    backend = open({ endpoint: server.endpoint })
    table = backend.records.for(testTenant().tenantId)
  })
  afterEach(() => backend.close())

  function open(config: BackendConfig, endpoints = [server.endpoint]): OpenBackend {
    const environment = {
      firestoreEndpoints: endpoints,
      secrets: (name: string) => Promise.resolve(`hunter2 of ${name}`),
    }
    return createFirestoreBackend(environment, timing).open({ project: 'heirloom-test', ...config })
  }

  it('is asked again after contention, throttling and an outage', async () => {
    server.answer(aborted, throttled, away, written)
    await table.put('p', 'k', {})
    expect(server.called).toEqual(['Commit', 'Commit', 'Commit', 'Commit'])
    server.answer(away, throttled, nothing)
    expect(await table.get('p', 'k')).toBeNull()
    server.answer(away, nothing)
    expect((await table.query('p', { limit: 1 })).records).toEqual([])
  })

  it.each([
    [aborted, 'BACKEND_UNAVAILABLE', 'contend'],
    [throttled, 'BACKEND_UNAVAILABLE', 'throttles'],
    [away, 'BACKEND_UNAVAILABLE', 'cannot be reached'],
  ])('is given up after so many attempts, with a hint when to return: %j', async (...args) => {
    const [answer, code, words] = args
    server.answer(answer)
    await expect(table.put('p', 'k', {})).rejects.toMatchObject({
      code,
      message: expect.stringContaining(words),
      details: { retry_after_ms: 1_000 },
    })
    expect(server.called).toHaveLength(timing.maxAttempts)
  })

  it('is not waited for without end', async () => {
    server.answer('silence')
    await expect(table.get('p', 'k')).rejects.toMatchObject({ code: 'TIMEOUT' })
    await expect(table.put('p', 'k', {})).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it.each([
    [5, 'The database (default) does not exist for project x', 'has no Firestore database'],
    [7, 'Cloud Firestore API has not been used in project x', 'may not use Firestore'],
    [9, 'The Cloud Firestore API is not available for Datastore Mode', 'does not take this'],
    [16, 'Request had invalid authentication credentials', 'refuses the credentials'],
  ])('says what is wrong with the project: status %i', async (status, message, words) => {
    server.answer({ status, message })
    const wrong = { code: 'BACKEND_UNAVAILABLE', message: expect.stringContaining(words) }
    await expect(backend.ping()).rejects.toMatchObject(wrong)
    await expect(table.get('p', 'k')).rejects.toMatchObject(wrong)
    await expect(table.put('p', 'k', {}, { expect: 'absent' })).rejects.toMatchObject(wrong)
    await expect(table.query('p', { limit: 1 })).rejects.toMatchObject(wrong)
  })

  it('says what it finds too large', async () => {
    server.answer({ status: 3, message: 'Document exceeds the maximum size of 1048576 bytes.' })
    await expect(table.put('p', 'k', {})).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    server.answer({ status: 3, message: 'something else' })
    await expect(table.put('p', 'k', {})).rejects.toMatchObject({ code: 'INTERNAL' })
  })

  it('is asked again when an answer breaks off', async () => {
    const broken: GrpcAnswer = { messages: [Buffer.alloc(0)], status: 14 }
    server.answer(broken, nothing)
    expect(await table.get('p', 'k')).toBeNull()
    server.answer(broken, nothing)
    expect((await table.query('p', { limit: 1 })).records).toEqual([])
    server.answer(broken)
    await expect(table.get('p', 'k')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })

  it('leaves a conflict a conflict when no attempt was lost', async () => {
    server.answer(aborted, refused, nothing)
    await expect(table.delete('p', 'k', { expect: { version } })).rejects.toMatchObject({
      code: 'CONFLICT',
      details: { failed: [0] },
    })
  })

  it('is not taken at its word for a conflict that may be our own earlier write', async () => {
    server.answer(away, refused, nothing)
    await expect(table.delete('p', 'k', { expect: { version } })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      message: expect.stringContaining('did not say whether'),
    })
  })

  it('is not asked at all for a version that nobody ever gave, but for what is there', async () => {
    server.answer(nothing)
    const expectation = { expect: { version: 'never' as RecordVersion } }
    await expect(table.put('p', 'k', {}, expectation)).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(server.called).toEqual(['BatchGetDocuments'])
  })

  it('is sent nothing that is too large', async () => {
    server.answer(written)
    await expect(
      table.put('p', 'k', { text: 'x'.repeat(table.capabilities.maxItemBytes) }),
    ).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
    expect(server.called).toEqual([])
  })

  it('that is not there says so', async () => {
    const gone = open({ endpoint: '127.0.0.1:1' }, ['127.0.0.1:1'])
    await expect(gone.ping()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    const unsubscribe = gone.records.for(testTenant().tenantId).onChange('p', () => undefined)
    unsubscribe()
    await gone.close()
  })

  it('shows nothing of a secret that is no key', async () => {
    const wrong = open({ credentials: 'secret:gcp/key' })
    const error: unknown = await wrong.ping().catch((reason: unknown) => reason)
    expect(error).toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
    expect(error instanceof Error && [error.message, error.cause].map(String).join()).not.toContain(
      'hunter2',
    )
    await wrong.close()
  })
})

describe('the config of Firestore', () => {
  const backend = createFirestoreBackend({ firestoreEndpoints: ['127.0.0.1:8080'] })

  it.each<BackendConfig>([
    { project: '../x' },
    { project: 'P' },
    { project: 'heirloom', database: 'a/b' },
    { project: 'heirloom', collection: 'a/b' },
    { project: 'heirloom', collection: '__x__' },
    { project: 'heirloom', endpoint: '127.0.0.1:8081' },
    { project: 'heirloom', endpoint: '169.254.169.254:80' },
    { project: 'heirloom', endpoint: '127.0.0.1:8080', credentials: 'secret:x' },
    { project: 'heirloom', credentials: 'secret:x' },
  ])('is refused where it cannot work, or would lead elsewhere: %j', (config) => {
    expect(() => backend.open(config)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })

  it('opens nothing before it is used', async () => {
    const open = backend.open({ project: 'heirloom', endpoint: '127.0.0.1:8080' })
    expect(await open.close()).toBeUndefined()
  })
})
