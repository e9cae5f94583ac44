import {
  CreateTableCommand,
  DescribeContinuousBackupsCommand,
  DescribeTimeToLiveCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  type CreateTableCommandInput,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import { AppError } from '@heirloom/errors'
import type { NeededIndex, ProvisionReport, StoreNeeds } from '../backend.js'
import { joinReports, provisionAll, shellCommand, type ProvisionStep } from '../provisioning.js'
import {
  describeTable,
  isDenied,
  reasonOf,
  untilActive,
  type Administered,
} from './administered.js'
import { attributesOf, globalIndex, indexStep } from './global-indexes.js'
import type { Table } from './table.js'

const keys = [
  { AttributeName: 'PK', KeyType: 'HASH' },
  { AttributeName: 'SK', KeyType: 'RANGE' },
] as const
const keyTypes = keys.map(({ AttributeName }) => ({ AttributeName, AttributeType: 'S' }) as const)
/** Old and new images: what a replay or a migration needs of a change. */
const stream = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } as const
const ttl = { AttributeName: 'ttl', Enabled: true } as const

/**
 * The table with its keys and the indexes of the store, paid per request (so there is nothing to
 * scale), with a change stream; deletion by ttl; point-in-time recovery. Of a table that is there,
 * keys and billing stay as they are.
 */
export async function provision(
  table: Table,
  needs: StoreNeeds | undefined,
): Promise<ProvisionReport> {
  const administered: Administered = { ...table, options: optionsOf(table) }
  const indexes = needs?.indexes ?? []
  const { report, created } = await provideTable(administered, indexes)
  // A new table has these from the start.
  const later = [
    billingStep(administered),
    streamStep(administered),
    ...indexes.map((index) => indexStep(administered, index)),
  ]
  const steps = [...(created ? [] : later), ttlStep(administered), recoveryStep(administered)]
  return joinReports([report, await provisionAll(steps, reasonOf)])
}

function optionsOf({ name, region, endpoint }: Table): readonly string[] {
  const options = ['--table-name', name, '--region', region]
  return endpoint === undefined ? options : [...options, '--endpoint-url', endpoint]
}

interface Provided {
  readonly report: ProvisionReport
  readonly created: boolean
}

/** Refused only for want of a permission: what else is in the way is in the way of everything. */
async function provideTable(
  table: Administered,
  indexes: readonly NeededIndex[],
): Promise<Provided> {
  const step = `table ${table.name}`
  const definition = definitionOf(table, indexes)
  try {
    const existing = await describeTable(table)
    if (existing !== null) {
      checkKeys(existing)
      return { report: { done: [], found: [step], refused: [] }, created: false }
    }
    await create(table, definition)
  } catch (error) {
    if (!isDenied(error)) throw error
    const refusal = { step, reason: reasonOf(error), command: createCommand(table, definition) }
    return { report: { done: [], found: [], refused: [refusal] }, created: false }
  }
  const named = indexes.map(({ name }) => `, indexed by ${name}`).join('')
  const done = [`${step} with PK and SK, on-demand, with a change stream${named}`]
  return { report: { done, found: [], refused: [] }, created: true }
}

function definitionOf(
  { name }: Table,
  indexes: readonly NeededIndex[],
): CreateTableCommandInput & { readonly TableName: string } {
  return {
    TableName: name,
    KeySchema: [...keys],
    AttributeDefinitions: [...keyTypes, ...attributesOf(indexes)],
    ...(indexes.length === 0 ? {} : { GlobalSecondaryIndexes: indexes.map(globalIndex) }),
    BillingMode: 'PAY_PER_REQUEST',
    StreamSpecification: stream,
  }
}

async function create(table: Administered, definition: CreateTableCommandInput): Promise<void> {
  await table.call(() =>
    table.client
      .send(new CreateTableCommand(definition))
      // Somebody else provisions the same table, or our own first attempt got through.
      .catch((error: unknown) => {
        if (!(error instanceof Error && error.name === 'ResourceInUseException')) throw error
      }),
  )
  await untilActive(table)
}

function createCommand(table: Administered, definition: CreateTableCommandInput): string {
  const { options } = table
  const json = JSON.stringify(definition)
  // The name is in the definition already.
  return shellCommand(
    'aws',
    'dynamodb',
    'create-table',
    ...options.slice(2),
    '--cli-input-json',
    json,
  )
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

function billingStep(table: Administered): ProvisionStep {
  return {
    name: 'on-demand billing',
    isThere: async () => {
      const billing = (await describeTable(table))?.BillingModeSummary?.BillingMode
      return billing === 'PAY_PER_REQUEST'
    },
    make: 'the table has throughput that somebody chose, which stays: scale it, or change it',
    command: shellCommand(
      ['aws', 'dynamodb', 'update-table', ...table.options],
      ['--billing-mode', 'PAY_PER_REQUEST'],
    ),
  }
}

function streamStep(table: Administered): ProvisionStep {
  const { client, name: TableName, call } = table
  return {
    name: 'change stream',
    isThere: async () => {
      const description = await describeTable(table)
      return description?.StreamSpecification?.StreamEnabled === true
    },
    make: async () => {
      await call(() =>
        client.send(new UpdateTableCommand({ TableName, StreamSpecification: stream })),
      )
      await untilActive(table)
    },
    command: shellCommand(
      ['aws', 'dynamodb', 'update-table', ...table.options],
      ['--stream-specification', 'StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES'],
    ),
  }
}

function ttlStep({ client, name: TableName, call, options }: Administered): ProvisionStep {
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
        client.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: ttl })),
      ),
    command: shellCommand(
      ['aws', 'dynamodb', 'update-time-to-live', ...options],
      ['--time-to-live-specification', 'Enabled=true,AttributeName=ttl'],
    ),
  }
}

function recoveryStep({ client, name: TableName, call, options }: Administered): ProvisionStep {
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
    command: shellCommand(
      ['aws', 'dynamodb', 'update-continuous-backups', ...options],
      ['--point-in-time-recovery-specification', 'PointInTimeRecoveryEnabled=true'],
    ),
  }
}
