import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  ResourceNotFoundException,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import { AppError } from '@heirloom/errors'
import type { ProvisionReport } from '../backend.js'
import type { Table } from './table.js'

const maxWaitSeconds = 180
const keys = [
  { AttributeName: 'PK', KeyType: 'HASH' },
  { AttributeName: 'SK', KeyType: 'RANGE' },
] as const
const keyTypes = keys.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' }) as const)
/** Old and new images: what a replay or a migration needs of a change. */
const stream = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } as const

interface Step {
  readonly name: string
  readonly isThere: () => Promise<boolean>
  readonly make: () => Promise<unknown>
}

/**
 * The table with its keys, paid per request (so there is nothing to scale), with a change stream;
 * deletion by ttl; point-in-time recovery. Of a table that is there, keys and billing stay as they
 * are.
 */
export async function provision(table: Table): Promise<ProvisionReport> {
  const done: string[] = []
  const found: string[] = []
  const refused: { step: string; reason: string }[] = []
  const existing = await describe(table)
  if (existing === null) {
    await create(table)
    done.push(`table ${table.name} with PK and SK, on-demand, with a change stream`)
  } else {
    checkKeys(existing)
    found.push(`table ${table.name}`)
    if (existing.BillingModeSummary?.BillingMode !== 'PAY_PER_REQUEST') {
      found.push('provisioned throughput: set up auto scaling for it, or change to on-demand')
    }
  }
  // A new table has its stream from the start.
  const steps = [
    ...(existing === null ? [] : [streamStep(table)]),
    ttlStep(table),
    recoveryStep(table),
  ]
  for (const step of steps) {
    try {
      if (await step.isThere()) found.push(step.name)
      else {
        await step.make()
        done.push(step.name)
      }
    } catch (error) {
      refused.push({ step: step.name, reason: reasonOf(error) })
    }
  }
  return { done, found, refused }
}

async function describe({ client, name, call }: Table): Promise<TableDescription | null> {
  const output = await call(() =>
    client.send(new DescribeTableCommand({ TableName: name })).catch((error: unknown) => {
      if (error instanceof ResourceNotFoundException) return { Table: undefined }
      throw error
    }),
  )
  return output.Table ?? null
}

async function create({ client, name, call }: Table): Promise<void> {
  await call(() =>
    client
      .send(
        new CreateTableCommand({
          TableName: name,
          KeySchema: [...keys],
          AttributeDefinitions: [...keyTypes],
          BillingMode: 'PAY_PER_REQUEST',
          StreamSpecification: stream,
        }),
      )
      // Somebody else provisions the same table, or our own first attempt got through.
      .catch((error: unknown) => {
        if (!(error instanceof Error && error.name === 'ResourceInUseException')) throw error
      }),
  )
  await untilActive({ client, name })
}

function checkKeys(description: TableDescription): void {
  const schema = description.KeySchema ?? []
  const types = new Map(
    description.AttributeDefinitions?.map((one) => [one.AttributeName, one.AttributeType]),
  )
  const right =
    schema.length === keys.length &&
    keys.every(
      (key) =>
        types.get(key.AttributeName) === 'S' &&
        schema.some((s) => s.AttributeName === key.AttributeName && s.KeyType === key.KeyType),
    )
  if (right) return
  throw new AppError(
    'BACKEND_UNAVAILABLE',
    `the DynamoDB table "${description.TableName ?? ''}" must have the string keys PK and SK: ` +
      'give the route another table_name',
  )
}

function streamStep({ client, name: TableName, call }: Table): Step {
  return {
    name: 'change stream',
    isThere: async () => {
      const { Table } = await call(() => client.send(new DescribeTableCommand({ TableName })))
      return Table?.StreamSpecification?.StreamEnabled === true
    },
    make: async () => {
      await call(() =>
        client.send(new UpdateTableCommand({ TableName, StreamSpecification: stream })),
      )
      // While a table is changed, nothing else about it can be.
      await untilActive({ client, name: TableName })
    },
  }
}

function ttlStep({ client, name: TableName, call }: Table): Step {
  return {
    name: 'deletion of expired records by ttl',
    isThere: async () => {
      const output = await call(() => client.send(new DescribeTimeToLiveCommand({ TableName })))
      const { AttributeName, TimeToLiveStatus } = output.TimeToLiveDescription ?? {}
      const on = TimeToLiveStatus === 'ENABLED' || TimeToLiveStatus === 'ENABLING'
      if (on && AttributeName !== 'ttl') {
        throw new AppError('CONFLICT', `the table already expires by "${AttributeName ?? ''}"`)
      }
      return on
    },
    make: () =>
      call(() =>
        client.send(
          new UpdateTimeToLiveCommand({
            TableName,
            TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
          }),
        ),
      ),
  }
}

function recoveryStep({ client, name: TableName, call }: Table): Step {
  return {
    name: 'point-in-time recovery',
    isThere: async () => {
      const output = await call(() =>
        client.send(new DescribeContinuousBackupsCommand({ TableName })),
      )
      const recovery = output.ContinuousBackupsDescription?.PointInTimeRecoveryDescription
      return recovery?.PointInTimeRecoveryStatus === 'ENABLED'
    },
    make: () =>
      call(() =>
        client.send(
          new UpdateContinuousBackupsCommand({
            TableName,
            PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
          }),
        ),
      ),
  }
}

async function untilActive({ client, name }: Pick<Table, 'client' | 'name'>): Promise<void> {
  await waitUntilTableExists(
    { client, maxWaitTime: maxWaitSeconds, minDelay: 1, maxDelay: 5 },
    { TableName: name },
  )
}

/** AWS says which permission is missing, or when to try again; that is for the operator. */
function reasonOf(error: unknown): string {
  const cause = error instanceof AppError && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown'
}
