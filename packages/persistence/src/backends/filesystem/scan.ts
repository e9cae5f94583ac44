import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TenantId } from '@heirloom/tenancy'
import {
  readScanToken,
  scanToken,
  type ScannedRecord,
  type ScanPage,
  type ScanRange,
} from '../../ports/record-scan.js'
import { hasErrorCode, translate } from './errors.js'
import { compareKeys, readWholePartition } from './partition-file.js'
import { pathSegment } from './path-segment.js'
import type { RootFolder } from './root-folder.js'

interface Position {
  readonly folder: string
  readonly file: string
  readonly sk: string
}

/** Folder after folder, file after file, each by its name, and the records of a file by their key. */
export async function scan(
  root: RootFolder,
  range: ScanRange,
  now: () => number,
): Promise<ScanPage> {
  const [folder = '', file = '', sk = ''] = readScanToken(range) ?? []
  try {
    return await scanFrom(await root.path(), range, { folder, file, sk }, now())
  } catch (error) {
    throw translate(error)
  }
}

async function scanFrom(
  root: string,
  range: ScanRange,
  from: Position,
  now: number,
): Promise<ScanPage> {
  const records: ScannedRecord[] = []
  for (const folder of await foldersOf(root, range)) {
    if (folder < from.folder) continue
    const begun = folder === from.folder ? from.file : ''
    for (const file of await filesOf(join(root, folder))) {
      if (file < begun) continue
      const after = folder === from.folder && file === from.file ? from.sk : ''
      const found = await recordsOf(join(root, folder, file), folder, range, after, now)
      const room = range.limit - records.length
      records.push(...found.slice(0, room))
      const last = records.at(-1)
      if (found.length >= room && last !== undefined) {
        return { records, next: scanToken(range, [folder, file, last.sk]) }
      }
    }
  }
  return { records, next: null }
}

async function recordsOf(
  path: string,
  folder: string,
  { prefixes }: ScanRange,
  after: string,
  now: number,
): Promise<readonly ScannedRecord[]> {
  const partition = await readWholePartition(path, now)
  if (partition === null) return []
  const { pk, records } = partition
  if (!prefixes.some((prefix) => pk.startsWith(prefix))) return []
  const tenant = unescaped(folder)
  return records
    .filter(({ sk }) => after === '' || compareKeys(sk, after) > 0)
    .map((record) => ({ tenant, pk, ...record }))
}

async function foldersOf(root: string, { tenant }: ScanRange): Promise<readonly string[]> {
  return tenant === null ? namesOf(root) : [pathSegment(tenant)]
}

async function filesOf(folder: string): Promise<readonly string[]> {
  return (await namesOf(folder)).filter((name) => name.endsWith('.json'))
}

async function namesOf(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort()
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT') || hasErrorCode(error, 'ENOTDIR')) return []
    throw error
  }
}

/** A tenant id is at most 63 characters, so its folder never has a digest for a name. */
function unescaped(segment: string): TenantId {
  const bytes = segment.replaceAll(/=([0-9a-f]{2})/g, '%$1')
  return decodeURIComponent(bytes) as TenantId
}
