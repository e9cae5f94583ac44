import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { AppError } from '@heirloom/errors'
import type { JsonObject, RecordVersion, TableRecord } from '../../ports/record-table.js'
import { hasErrorCode } from './errors.js'

/** Each write of a partition writes all of it. */
const maxFileBytes = 64 * 1_048_576

type Row = readonly [sk: string, version: string, expiresAtMs: number | null, value: JsonObject]

export interface Partition {
  readonly pk: string
  readonly records: readonly TableRecord[]
}

/** Live records by their key, in the order of its bytes. */
export async function readPartition(
  path: string,
  pk: string,
  now: number,
): Promise<readonly TableRecord[]> {
  const partition = await readWholePartition(path, now)
  if (partition === null) return []
  if (partition.pk === pk) return partition.records
  throw new AppError('INTERNAL', 'the file of a partition holds another one')
}

/** Null when there is no such file. */
export async function readWholePartition(path: string, now: number): Promise<Partition | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (hasErrorCode(error, 'ENOENT')) return null
    throw error
  })
  if (text === null) return null
  const content = JSON.parse(text) as { readonly pk: string; readonly records: readonly Row[] }
  const records = content.records
    .map(toRecord)
    .filter(({ expiresAt }) => (expiresAt?.getTime() ?? Infinity) > now)
  return { pk: content.pk, records }
}

/** Only for who holds the lock of the partition. @throws AppError PAYLOAD_TOO_LARGE */
export async function writePartition(
  path: string,
  pk: string,
  records: readonly TableRecord[],
): Promise<void> {
  const rows = records.map(toRow).sort(([one], [other]) => compareKeys(one, other))
  const text = JSON.stringify({ pk, records: rows })
  if (Buffer.byteLength(text) > maxFileBytes) {
    throw new AppError('PAYLOAD_TOO_LARGE', `a partition has at most ${maxFileBytes} bytes here`)
  }
  const next = path.replace(/\.json$/, '.new')
  await writeSynced(next, text)
  await rename(next, path)
  await syncFolder(dirname(path))
}

export function compareKeys(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}

/** Makes the folder of a tenant, and makes sure that it outlives the machine. */
export async function makeFolder(path: string): Promise<void> {
  if ((await mkdir(path, { recursive: true })) !== undefined) await syncFolder(dirname(path))
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A rename is only safe from a power cut once its folder is on the disk too. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function toRow({ sk, version, expiresAt, value }: TableRecord): Row {
  return [sk, version, expiresAt?.getTime() ?? null, value]
}

function toRecord([sk, version, expiresAtMs, value]: Row): TableRecord {
  return {
    sk,
    value,
    version: version as RecordVersion,
    expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs),
  }
}
