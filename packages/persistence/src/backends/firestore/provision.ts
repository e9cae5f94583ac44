import type { ProvisionReport } from '../backend.js'
import type { Database } from './database.js'
import { translate } from './errors.js'

interface Step {
  readonly name: string
  readonly isThere: () => Promise<boolean>
  readonly make: () => Promise<unknown>
}

/**
 * Collections come into being by being written to; what is left is the deletion of expired records,
 * no index of the values (of which a large one would have too many entries), point-in-time
 * recovery. Firestore works on them for minutes after they are asked for. A database is made by
 * hand, because its place and mode can never be changed.
 */
export async function provision(
  database: Database,
  collectionIds: readonly string[],
): Promise<ProvisionReport> {
  const done: string[] = []
  const found: string[] = []
  const refused: { step: string; reason: string }[] = []
  const steps = [
    recoveryStep(database),
    ...collectionIds.flatMap((id) => [expiryStep(database, id), noIndexStep(database, id)]),
  ]
  for (const step of steps) {
    try {
      if (await step.isThere()) found.push(step.name)
      else {
        await step.make()
        done.push(step.name)
      }
    } catch (error) {
      refused.push({ step: step.name, reason: reasonOf(error, database) })
    }
  }
  return { done, found, refused }
}

/** An administrator's request takes longer than one for records. */
const timeoutMs = 30_000

function recoveryStep({ clients, name }: Database): Step {
  return {
    name: 'point-in-time recovery',
    isThere: async () => {
      const client = await clients.admin()
      const [database] = await client.getDatabase({ name }, { timeout: timeoutMs })
      return database.pointInTimeRecoveryEnablement === 'POINT_IN_TIME_RECOVERY_ENABLED'
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
        { timeout: timeoutMs },
      )
    },
  }
}

function expiryStep({ clients, name }: Database, collectionId: string): Step {
  const field = `${name}/collectionGroups/${collectionId}/fields/expires_at`
  return {
    name: `deletion of expired records of the collections "${collectionId}"`,
    isThere: async () => {
      const client = await clients.admin()
      const [{ ttlConfig }] = await client.getField({ name: field }, { timeout: timeoutMs })
      return ttlConfig !== undefined && ttlConfig !== null
    },
    make: async () => {
      const client = await clients.admin()
      await client.updateField(
        { field: { name: field, ttlConfig: {} }, updateMask: { paths: ['ttl_config'] } },
        { timeout: timeoutMs },
      )
    },
  }
}

function noIndexStep({ clients, name }: Database, collectionId: string): Step {
  const field = `${name}/collectionGroups/${collectionId}/fields/value`
  return {
    name: `no index of the values in the collections "${collectionId}"`,
    isThere: async () => {
      const client = await clients.admin()
      const [{ indexConfig }] = await client.getField({ name: field }, { timeout: timeoutMs })
      return indexConfig?.usesAncestorConfig === false && (indexConfig.indexes ?? []).length === 0
    },
    make: async () => {
      const client = await clients.admin()
      await client.updateField(
        {
          field: { name: field, indexConfig: { indexes: [] } },
          updateMask: { paths: ['index_config'] },
        },
        { timeout: timeoutMs },
      )
    },
  }
}

/** Google says which permission is missing; that is for the operator. */
function reasonOf(error: unknown, { where }: Database): string {
  return error instanceof Error && error.message !== ''
    ? error.message
    : translate(error, where).message
}
