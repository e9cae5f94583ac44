import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { protobuf } from 'google-gax'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { layoutsByKind, storeNeedsOf } from '../../layouts/by-kind.js'
import type { ProvisionReport } from '../backend.js'
import { createFirestoreBackend } from './firestore-backend.js'
import { startScriptedGrpc, type GrpcAnswer, type ScriptedGrpc } from './testing/scripted-grpc.js'

const denied: GrpcAnswer = { status: 7, message: 'datastore.indexes.create is missing' }

// No emulator has the administrator's API. This remembers what it was asked for, in the vendor's
// own messages, so that a request which Google would not understand is not understood here.
const folder = createRequire(import.meta.url).resolve('@google-cloud/firestore/package.json')
const root = protobuf.Root.fromJSON(
  JSON.parse(
    readFileSync(folder.replace('package.json', 'build/protos/admin_v1.json'), 'utf8'),
  ) as protobuf.INamespace,
)
type Message = Readonly<Record<string, unknown>>

function decode(type: string, message: Buffer): Message {
  const found = root.lookupType(type)
  return found.toObject(found.decode(message), { enums: String })
}

function encode(type: string, message: Message): GrpcAnswer {
  const found = root.lookupType(type)
  return { messages: [Buffer.from(found.encode(found.fromObject(message)).finish())] }
}

const admin = 'google.firestore.admin.v1'

interface Administered {
  database: Message
  readonly fields: Map<string, Message>
  readonly indexes: Map<string, Message[]>
}

function answering(state: Administered): (method: string, message: Buffer) => GrpcAnswer {
  return (method, message) => {
    const request = decode(`${admin}.${method}Request`, message)
    const name = String(request['name'] ?? request['parent'])
    switch (method) {
      case 'GetDatabase':
        return encode(`${admin}.Database`, state.database)
      case 'UpdateDatabase':
        state.database = request['database'] as Message
        break
      case 'GetField':
        return encode(`${admin}.Field`, state.fields.get(name) ?? { name })
      case 'UpdateField': {
        const field = request['field'] as { name: string; indexConfig?: object }
        const { indexConfig } = field
        const kept = indexConfig && { indexConfig: { ...indexConfig, usesAncestorConfig: false } }
        state.fields.set(field.name, { ...field, ...kept })
        break
      }
      case 'ListIndexes':
        return encode(`${admin}.ListIndexesResponse`, { indexes: state.indexes.get(name) ?? [] })
      case 'CreateIndex': {
        const index = request['index'] as { fields: readonly object[] }
        const fields = [...index.fields, { fieldPath: '__name__', order: 'ASCENDING' }]
        state.indexes.set(name, [...(state.indexes.get(name) ?? []), { ...index, fields }])
        break
      }
      default:
        return { status: 12 }
    }
    return { messages: [Buffer.alloc(0)] }
  }
}

describe('A database of Firestore', () => {
  let server: ScriptedGrpc
  let state: Administered

  beforeAll(async () => {
    server = await startScriptedGrpc()
  })
  afterAll(() => server.stop())
  beforeEach(() => {
    state = { database: {}, fields: new Map(), indexes: new Map() }
    server.answer(answering(state))
  })

  async function provision(kind: string): Promise<ProvisionReport> {
    const open = createFirestoreBackend({ firestoreEndpoints: [server.endpoint] }).open({
      project: 'heirloom-test',
      endpoint: server.endpoint,
    })
    try {
      const report = await open.provision?.(storeNeedsOf(kind, 'firestore'))
      if (report === undefined) throw new Error('Firestore is provisioned')
      return report
    } finally {
      await open.close()
    }
  }

  it.each(Object.keys(layoutsByKind))(
    'is given for %s what every collection of it needs, and the second run finds it',
    async (kind) => {
      const first = await provision(kind)
      const second = await provision(kind)
      expect(second.done).toEqual([])
      expect(second.found).toEqual(first.done)
      expect(second.refused).toEqual(first.refused)
      const { collections = [] } = storeNeedsOf(kind, 'firestore') ?? {}
      // Nobody knows before it is written to how one is called that is named by a key.
      const byKey = collections.filter(({ name }) => name === null)
      expect(first.refused).toHaveLength(2 * byKey.length)
      for (const { name } of collections) {
        if (name === null) continue
        const group = `projects/heirloom-test/databases/(default)/collectionGroups/${name}`
        expect(state.fields.get(`${group}/fields/expires_at`)).toHaveProperty('ttlConfig')
        expect(state.fields.get(`${group}/fields/value`)).toHaveProperty('indexConfig')
      }
    },
  )

  it('gets the composite indexes of chats and canvases', async () => {
    await provision('chat_store')
    await provision('canvas_command_store')
    const group = 'projects/heirloom-test/databases/(default)/collectionGroups'
    const by = (collection: string): unknown =>
      state.indexes
        .get(`${group}/${collection}`)
        ?.map((index) => (index['fields'] as { fieldPath: string }[]).map((one) => one.fieldPath))
    expect(by('messages')).toEqual([['thread_id', 'ts', '__name__']])
    expect(by('commands')).toEqual([['canvas_id', 'rev', '__name__']])
    expect(state.database).toMatchObject({
      pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
    })
  })

  it('says of everything that the credentials may not do how somebody else does it', async () => {
    server.answer(denied)
    const { done, found, refused } = await provision('chat_store')
    expect([...done, ...found]).toEqual([])
    for (const { reason } of refused) expect(reason).toContain('datastore.indexes.create')
    const commands = refused.map(({ command }) => command)
    const where = `--project=heirloom-test '--database=(default)'`
    expect(commands).toContain(`gcloud firestore databases update --enable-pitr ${where}`)
    expect(commands).toContain(
      `gcloud firestore fields ttls update expires_at --enable-ttl --async --collection-group=messages ${where}`,
    )
    expect(commands).toContain(
      `gcloud firestore indexes fields update value --disable-indexes --async --collection-group=snapshots ${where}`,
    )
    expect(commands).toContain(
      'gcloud firestore indexes composite create --async --query-scope=collection ' +
        '--collection-group=messages --field-config=field-path=thread_id,order=ascending ' +
        `--field-config=field-path=ts,order=ascending ${where}`,
    )
  })
})
