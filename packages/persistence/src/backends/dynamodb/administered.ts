import {
  DescribeTableCommand,
  ResourceNotFoundException,
  waitUntilTableExists,
  type TableDescription,
} from '@aws-sdk/client-dynamodb'
import { AppError } from '@heirloom/errors'
import type { Table } from './table.js'

const maxWaitSeconds = 180

/** A table, and how the command line of AWS names it. */
export interface Administered extends Table {
  readonly options: readonly string[]
}

/** Null when there is none. */
export async function describeTable({
  client,
  name,
  call,
}: Table): Promise<TableDescription | null> {
  const output = await call(() =>
    client.send(new DescribeTableCommand({ TableName: name })).catch((error: unknown) => {
      if (error instanceof ResourceNotFoundException) return { Table: undefined }
      throw error
    }),
  )
  return output.Table ?? null
}

/** While a table is changed, nothing else about it can be. */
export async function untilActive({ client, name }: Table): Promise<void> {
  await waitUntilTableExists(
    { client, maxWaitTime: maxWaitSeconds, minDelay: 1, maxDelay: 5 },
    { TableName: name },
  )
}

/** AWS says which permission is missing, or when to try again; that is for the operator. */
export function reasonOf(error: unknown): string {
  const cause = vendorErrorOf(error)
  if (cause instanceof AppError) return cause.message
  return cause instanceof Error ? `${cause.name}: ${cause.message}` : 'unknown'
}

/** The credentials are for records, and not for tables. */
export function isDenied(error: unknown): boolean {
  const cause = vendorErrorOf(error)
  return cause instanceof Error && cause.name === 'AccessDeniedException'
}

function vendorErrorOf(error: unknown): unknown {
  return error instanceof AppError && error.cause instanceof Error ? error.cause : error
}
