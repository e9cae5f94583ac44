import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { resourceKindNames } from '@heirloom/persistence'
import { readConfig } from './config.js'

const key = Buffer.alloc(32, 1).toString('base64')
const env = {
  DATABASE_URL: 'postgres://127.0.0.1/storage',
  WORKER_DATABASE_URL: 'postgres://worker@127.0.0.1/storage',
  INTERNAL_JWKS_URL: 'http://127.0.0.1:1/jwks',
  STORIES_URL: 'http://127.0.0.1:2/graphql',
  STREAM_CURSOR_KEYS: `k1:${key}`,
  EVENTS_QUEUE_URL: 'http://127.0.0.1:3/queue',
  AWS_REGION: 'eu-west-1',
}

function failure(changed: Record<string, string>): unknown {
  try {
    return readConfig({ ...env, ...changed })
  } catch (error) {
    return error
  }
}

describe('the configuration of storage', () => {
  it('has defaults for what a laptop need not say, the bootstrap file among them', () => {
    const config = readConfig(env)
    expect(config).toMatchObject({
      env: 'dev',
      api: { host: '127.0.0.1', port: 4105, pollIntervalMs: 1_000, subscriptionLifeMs: 600_000 },
      worker: { endpoint: undefined },
      bootstrap: {
        registry: { tenantId: 't_system', backendType: 'postgres' },
      },
      backends: {
        postgresUrls: { main: env.DATABASE_URL },
        dynamoDbEndpoints: [],
        filesystemFolder: undefined,
        secretsFolder: undefined,
      },
    })
    expect(config.backends.secrets.size).toBe(0)
    expect(Object.isFrozen(config)).toBe(true)
  })

  it('begins with a route for every kind of data, for any tenant', () => {
    const { routes } = readConfig(env).bootstrap
    const routed = resourceKindNames.filter((kind) => kind !== 'routing_registry_store')
    expect(routes.map(({ resourceKind }) => resourceKind)).toEqual(routed)
    for (const route of routes) {
      expect(route).toMatchObject({ tenantId: null, env: null, backendType: 'postgres' })
    }
  })

  it('gives the backends what is named for them, and nothing else', () => {
    const { backends } = readConfig({
      ...env,
      POSTGRES_URL_ARCHIVE: 'postgres://127.0.0.1/archive',
      DYNAMODB_ENDPOINTS: 'http://127.0.0.1:8000, http://127.0.0.1:8001',
      FIRESTORE_ENDPOINTS: '127.0.0.1:8080',
      COSMOS_ENDPOINTS: '',
      FILESYSTEM_FOLDER: '/var/lib/heirloom',
      SECRETS_DIR: '/var/run/secrets',
      HEIRLOOM_SECRET_COSMOS: 'hush',
      UNRELATED: 'x',
    })
    expect(backends).toEqual({
      postgresUrls: { main: env.DATABASE_URL, archive: 'postgres://127.0.0.1/archive' },
      dynamoDbEndpoints: ['http://127.0.0.1:8000', 'http://127.0.0.1:8001'],
      firestoreEndpoints: ['127.0.0.1:8080'],
      cosmosEndpoints: [],
      filesystemFolder: '/var/lib/heirloom',
      documents: null,
      secrets: new Map([['COSMOS', 'hush']]),
      secretsFolder: '/var/run/secrets',
    })
    const wrong = failure({ POSTGRES_URL_MAIN: 'postgres://hush' })
    expect(String(wrong)).toContain('POSTGRES_URL_MAIN')
    expect(String(wrong)).not.toContain('hush')
  })

  it('asks each role only for what it needs', () => {
    const { EVENTS_QUEUE_URL: _, ...api } = env
    expect(readConfig({ ...api, SERVICE_ROLE: 'api' }).worker).toBeNull()
    const { STREAM_CURSOR_KEYS: _keys, STORIES_URL: _url, ...worker } = env
    expect(readConfig({ ...worker, SERVICE_ROLE: 'worker' }).api).toBeNull()
  })

  it('names what is missing or malformed, and repeats no secret', () => {
    for (const name of Object.keys(env)) {
      expect(String(failure({ [name]: '' }))).toContain(name)
    }
    expect(String(failure({ SERVICE_ROLE: 'both' }))).toContain('SERVICE_ROLE')
    expect(String(failure({ PORT: 'x' }))).toContain('PORT')
    const error = failure({ STREAM_CURSOR_KEYS: 'c2VjcmV0' })
    expect(error).toMatchObject({ code: 'INVALID_INPUT' })
    expect(String(error)).not.toContain('c2VjcmV0')
  })

  it('reads another bootstrap file when one is named, and says so when it cannot', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'heirloom-'))
    const file = join(folder, 'routes.json')
    const registry = {
      tenant_id: 't_ops',
      backend_type: 'postgres',
      config: { connection: 'main' },
    }
    await writeFile(file, JSON.stringify({ registry }))
    const { bootstrap } = readConfig({ ...env, ROUTING_BOOTSTRAP_FILE: file })
    expect(bootstrap.registry.tenantId).toBe('t_ops')
    await rm(folder, { recursive: true })
    expect(failure({ ROUTING_BOOTSTRAP_FILE: file })).toMatchObject({ code: 'INVALID_INPUT' })
    expect(String(failure({ ROUTING_BOOTSTRAP_FILE: file }))).toContain('cannot be read')
  })
})
