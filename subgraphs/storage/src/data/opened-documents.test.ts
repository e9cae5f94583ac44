import { describe, expect, it } from 'vitest'
import { testDatabase, testLogger, testTenant } from '@heirloom/testkit'
import { migrations } from '../migrations.js'
import { createOpenedDocuments, defaultDocumentsConfig } from './opened-documents.js'

const logger = testLogger()

describe('the documents of a process', () => {
  it('are opened from references, closed, and not there before or after', async () => {
    const database = await testDatabase(migrations)
    const asked: string[] = []
    const documents = createOpenedDocuments({
      config: {
        ...defaultDocumentsConfig,
        backends: {
          main: { type: 'postgres', url: 'connection:main' },
          other: { type: 'postgres', url: 'secret:OTHER_URL' },
        },
      },
      postgresUrls: { main: database.appUrl },
      secrets: async (name) => {
        asked.push(name)
        return database.appUrl
      },
      logger,
    })
    const { tenantId } = testTenant()
    const early = (): unknown => documents.for(tenantId)
    expect(early).toThrow(expect.objectContaining({ code: 'BACKEND_UNAVAILABLE' }))
    await documents.start()
    expect(asked).toEqual(['OTHER_URL'])
    await documents.for(tenantId).create('default', 'people/emily', { name: 'Emily' })
    await documents.stop()
    expect(early).toThrow(expect.objectContaining({ code: 'BACKEND_UNAVAILABLE' }))
    await documents.stop()
    await database.drop()
  })

  it.each([
    [{ type: 'postgres', url: 'connection:none' }, 'connection "none"'],
    [{ type: 'oracle', url: 'x' }, 'postgres, mongo or redis'],
    [{ type: 'postgres', url: 'x', password: 'hush' }, 'no field "password"'],
  ])('are refused with a config that cannot be: %j', async (main, message) => {
    const documents = createOpenedDocuments({
      config: { ...defaultDocumentsConfig, backends: { main } },
      postgresUrls: { main: 'postgres://127.0.0.1:1/none' },
      secrets: () => Promise.reject(new Error('there are no secrets')),
      logger,
    })
    const failure: unknown = await documents.start().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'INVALID_INPUT' })
    expect(String(failure)).toContain(message)
    expect(String(failure)).not.toContain('hush')
  })
})
