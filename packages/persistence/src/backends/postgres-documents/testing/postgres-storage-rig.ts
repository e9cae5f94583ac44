import { testDatabase } from '@heirloom/testkit'
import { rigConfig, type StorageRig } from '../../../contract/documents/storage-rig.js'
import { createStorageFromConfig } from '../../../documents/storage.js'
import { documentMigrations } from '../schema.js'

export const postgresStorageRig: StorageRig = {
  name: 'postgres',
  start: async () => {
    const database = await testDatabase([documentMigrations])
    return {
      open: ({ now, documents } = {}) => {
        const single = { strategy: 'single', primary: 'main' } as const
        const config = rigConfig(
          { main: { type: 'postgres', url: database.appUrl, ownerUrl: database.ownerUrl } },
          { document: single, user: single, revocation: single },
          documents,
        )
        return createStorageFromConfig(config, now === undefined ? {} : { now })
      },
      stop: database.drop,
    }
  },
}
