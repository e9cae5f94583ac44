import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { TenantId } from '@heirloom/tenancy'
import { conflict } from '../../ports/conflict.js'
import { inOrderOf } from '../../ports/in-order.js'
import {
  checkKey,
  checkLimit,
  checkSortKey,
  checkSortKeys,
  checkWrites,
} from '../../ports/limits.js'
import { pageToken, readPageToken } from '../../ports/page-token.js'
import type {
  JsonObject,
  RecordRange,
  RecordTable,
  RecordTableCapabilities,
  RecordVersion,
  TableRecord,
  Write,
} from '../../ports/record-table.js'
import { translate } from './errors.js'
import type { FileLock } from './file-lock.js'
import { compareKeys, makeFolder, readPartition, writePartition } from './partition-file.js'
import { pathSegment } from './path-segment.js'
import type { RootFolder } from './root-folder.js'

/** The bounds of the Postgres backend, so that what works in the lab works beyond it. */
export const filesystemCapabilities: RecordTableCapabilities = {
  maxItemBytes: 1_048_576,
  maxTransactItems: 1_100,
  maxTransactBytes: 16 * 1_048_576,
  maxPartitionKeyBytes: 1_024,
  maxSortKeyBytes: 1_024,
  maxPageItems: 1_000,
  maxBatchGetItems: 500,
  maxValueDepth: 64,
  expiryPrecisionMs: 1,
  pages: 'snapshot',
  changes: 'none',
}

export interface Folder {
  readonly root: RootFolder
  readonly lock: FileLock
  readonly now: () => number
}

export function createFilesystemRecordTable(
  { root, lock, now }: Folder,
  tenant: TenantId,
): RecordTable {
  const capabilities = filesystemCapabilities

  async function filesOf(pk: string): Promise<{ folder: string; data: string; lock: string }> {
    const folder = join(await root.path(), pathSegment(tenant))
    const name = join(folder, pathSegment(pk))
    return { folder, data: `${name}.json`, lock: `${name}.lock` }
  }

  async function read(pk: string): Promise<readonly TableRecord[]> {
    return readPartition((await filesOf(pk)).data, pk, now())
  }

  async function write(
    pk: string,
    writes: readonly Write[],
    texts: readonly (string | null)[],
  ): Promise<readonly (RecordVersion | null)[]> {
    const files = await filesOf(pk)
    await makeFolder(files.folder)
    return lock(files.lock, async () => {
      const records = new Map((await readPartition(files.data, pk, now())).map((r) => [r.sk, r]))
      const failed = writes.flatMap((one, index) =>
        holds(one, records.get(one.sk)) ? [] : [index],
      )
      if (failed.length > 0) throw conflict(failed)
      const versions = writes.map((one, index) => apply(records, one, texts[index] ?? null))
      await writePartition(files.data, pk, [...records.values()])
      return versions
    })
  }

  const table: RecordTable = {
    capabilities,
    get: async (pk, sk) => {
      checkKey(pk, capabilities)
      checkSortKey(sk, capabilities)
      const records = await translated(read(pk))
      return records.find((record) => record.sk === sk) ?? null
    },
    getMany: async (pk, sks) => {
      checkKey(pk, capabilities)
      checkSortKeys(sks, capabilities)
      return inOrderOf(sks, await translated(read(pk)))
    },
    put: async (pk, sk, value, options = {}) => {
      const [version] = await table.transact(pk, [{ op: 'put', sk, value, ...options }])
      return version as RecordVersion
    },
    delete: async (pk, sk, options = {}) => {
      await table.transact(pk, [{ op: 'delete', sk, ...options }])
    },
    query: async (pk, range) => {
      checkKey(pk, capabilities)
      checkLimit(range.limit, capabilities)
      const wanted = within(pk, range)
      const matching = (await translated(read(pk))).filter(({ sk }) => wanted(sk))
      const ordered = range.order === 'descending' ? matching.toReversed() : matching
      const records = ordered.slice(0, range.limit)
      const last = records.at(-1)
      const more = ordered.length > range.limit && last !== undefined
      return { records, next: more ? pageToken(pk, range, last.sk) : null }
    },
    transact: async (pk, writes) => {
      const texts = checkWrites(pk, writes, capabilities)
      return translated(write(pk, writes, texts))
    },
    onChange: () => () => undefined,
  }
  return table
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw translate(error)
  }
}

function holds({ expect = 'anything' }: Write, record: TableRecord | undefined): boolean {
  if (expect === 'anything') return true
  if (expect === 'absent') return record === undefined
  return record?.version === expect.version
}

function apply(
  records: Map<string, TableRecord>,
  write: Write,
  text: string | null,
): RecordVersion | null {
  if (write.op === 'delete') {
    records.delete(write.sk)
    return null
  }
  const version = randomUUID() as string as RecordVersion
  const { sk, expiresAt = null } = write
  records.set(sk, { sk, value: JSON.parse(text ?? 'null') as JsonObject, version, expiresAt })
  return version
}

/** @throws AppError CURSOR_INVALID */
function within(pk: string, range: RecordRange): (sk: string) => boolean {
  const { prefix = '', after, before, token } = range
  const last = token === undefined ? null : readPageToken(pk, range, token)
  const direction = range.order === 'descending' ? -1 : 1
  return (sk) =>
    sk.startsWith(prefix) &&
    (after === undefined || compareKeys(sk, after) > 0) &&
    (before === undefined || compareKeys(sk, before) < 0) &&
    (last === null || compareKeys(sk, last) * direction > 0)
}
