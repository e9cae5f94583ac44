import type { NeededCollection, NeededIndex, ProvisionReport, StoreNeeds } from '../backend.js'
import { provisionAll, shellCommand, type ProvisionStep, type Words } from '../provisioning.js'
import type { AdminClient } from './clients.js'
import type { Database } from './database.js'
import { translate } from './errors.js'

/**
 * Collections come into being by being written to; what is left is the deletion of expired records,
 * no index of the values (of which a large one would have too many entries), the composite indexes
 * of the store, point-in-time recovery. Firestore works on them for minutes after they are asked
 * for. A database is made by hand, because its place and mode can never be changed; it has no
 * throughput to be set.
 */
export async function provision(
  database: Database,
  collectionIds: readonly string[],
  needs: StoreNeeds | undefined,
): Promise<ProvisionReport> {
  const collections: readonly NeededCollection[] = [
    ...collectionIds.map((name) => ({ name, record: '' })),
    ...(needs?.collections ?? []),
  ]
  const steps = [
    recoveryStep(database),
    ...collections.flatMap((collection) => [
      expiryStep(database, collection),
      noIndexStep(database, collection),
    ]),
    ...(needs?.indexes ?? []).map((index) => indexStep(database, index)),
  ]
  return provisionAll(steps, (error) => reasonOf(error, database))
}

/** An administrator's request takes longer than one for records. */
const options = { timeout: 30_000 } as const

function recoveryStep(database: Database): ProvisionStep {
  const { clients, name } = database
  return {
    name: 'point-in-time recovery',
    isThere: async () => {
      const client = await clients.admin()
      const [found] = await client.getDatabase({ name }, options)
      return found.pointInTimeRecoveryEnablement === 'POINT_IN_TIME_RECOVERY_ENABLED'
    },
    make: async () => {
      const client = await clients.admin()
      await client.updateDatabase(
        {
          database: {
            name,
            pointInTimeRecoveryEnablement: 'POINT_IN_TIME_RECOVERY_ENABLED',
          },
          updateMask: { paths: ['point_in_time_recovery_enablement'] },
        },
        options,
      )
    },
    command: gcloud(database, 'databases', 'update', '--enable-pitr'),
  }
}

const namedByKey = 'each is called by the key of its records: run this for those that there are'

function expiryStep(database: Database, collection: NeededCollection): ProvisionStep {
  const { clients } = database
  const field = fieldName(database, collection, 'expires_at')
  return {
    name: `deletion of expired records of ${shown(collection)}`,
    ...onField(collection, {
      isThere: async () => {
        const client = await clients.admin()
        const [{ ttlConfig }] = await client.getField({ name: field }, options)
        return ttlConfig !== undefined && ttlConfig !== null
      },
      make: async () => {
        const client = await clients.admin()
        await client.updateField(
          { field: { name: field, ttlConfig: {} }, updateMask: { paths: ['ttl_config'] } },
          options,
        )
      },
    }),
    command: gcloud(
      database,
      ['fields', 'ttls', 'update', 'expires_at', '--enable-ttl', '--async'],
      `--collection-group=${idOf(collection)}`,
    ),
  }
}

function noIndexStep(database: Database, collection: NeededCollection): ProvisionStep {
  const { clients } = database
  const field = fieldName(database, collection, 'value')
  return {
    name: `no index of the values in ${shown(collection)}`,
    ...onField(collection, {
      isThere: async () => {
        const client = await clients.admin()
        const [{ indexConfig }] = await client.getField({ name: field }, options)
        const none = (indexConfig?.indexes ?? []).length === 0
        return indexConfig?.usesAncestorConfig === false && none
      },
      make: async () => {
        const client = await clients.admin()
        await client.updateField(
          {
            field: { name: field, indexConfig: { indexes: [] } },
            updateMask: { paths: ['index_config'] },
          },
          options,
        )
      },
    }),
    command: gcloud(
      database,
      ['indexes', 'fields', 'update', 'value', '--disable-indexes', '--async'],
      `--collection-group=${idOf(collection)}`,
    ),
  }
}

type Work = Pick<ProvisionStep, 'isThere' | 'make'>

function onField({ name }: NeededCollection, work: Work): Work {
  return name === null ? { isThere: () => Promise.resolve(false), make: namedByKey } : work
}

function indexStep(database: Database, index: NeededIndex): ProvisionStep {
  const { clients, name } = database
  const { collection, fields } = index
  const parent = `${name}/collectionGroups/${collection}`
  const by = fields.map((field) => field.name)
  return {
    name: `composite index of the collections "${collection}" by ${by.join(', ')}`,
    isThere: async () => hasIndex(await clients.admin(), parent, by),
    make: async () => {
      const client = await clients.admin()
      const ascending = by.map((fieldPath) => ({ fieldPath, order: 'ASCENDING' as const }))
      await client.createIndex(
        { parent, index: { queryScope: 'COLLECTION', fields: ascending } },
        options,
      )
    },
    command: gcloud(
      database,
      ['indexes', 'composite', 'create', '--async', '--query-scope=collection'],
      `--collection-group=${collection}`,
      ...by.map((field) => `--field-config=field-path=${field},order=ascending`),
    ),
  }
}

/** Firestore adds the document's name at the end by itself. */
async function hasIndex(
  client: AdminClient,
  parent: string,
  by: readonly string[],
): Promise<boolean> {
  const [indexes] = await client.listIndexes({ parent }, options)
  return indexes.some(
    ({ queryScope, fields }) =>
      queryScope === 'COLLECTION' &&
      (fields ?? [])
        .filter(({ fieldPath }) => fieldPath !== '__name__')
        .map(({ fieldPath, order }) => (order === 'ASCENDING' ? fieldPath : null))
        .join() === by.join(),
  )
}

function fieldName({ name }: Database, collection: NeededCollection, field: string): string {
  return `${name}/collectionGroups/${idOf(collection)}/fields/${field}`
}

/** What the operator puts a name in place of, where there is none. */
function idOf({ name }: NeededCollection): string {
  return name ?? 'COLLECTION'
}

function shown({ name, record }: NeededCollection): string {
  return name === null ? `the collections of every "${record}"` : `the collections "${name}"`
}

function gcloud({ where }: Database, ...words: Words): string {
  const { project, database } = where
  return shellCommand(
    'gcloud',
    'firestore',
    ...words,
    `--project=${project}`,
    `--database=${database}`,
  )
}

/** Google says which permission is missing; that is for the operator. */
function reasonOf(error: unknown, { where }: Database): string {
  return error instanceof Error && error.message !== ''
    ? error.message
    : translate(error, where).message
}
