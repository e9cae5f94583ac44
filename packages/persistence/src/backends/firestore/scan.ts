/**
 * A scan goes through everything below the paths of a layout, one path after the other: those that
 * its shapes name, and the one of keys without a shape. A path is read as Firestore reads all
 * descendants, whatever their collections are called, in the order of document names, which needs
 * no index; the names are bounded by what the path begins with, which for one tenant is almost
 * always its name. A position is the path and the last document's name.
 */
import type { TenantId } from '@heirloom/tenancy'
import { joinKey, afterPrefix } from '../../keys.js'
import type { KeyLayout } from '../../ports/key-layout.js'
import {
  readScanToken,
  scanToken,
  type ScannedRecord,
  type ScanPage,
  type ScanRange,
} from '../../ports/record-scan.js'
import type { Database, WireFilter, WireQuery } from './database.js'
import { documentId, readRecord, readSnapshot, type WireDocument } from './documents.js'

/** What the path of every document begins with; the last name may be unfinished, or empty. */
type Path = readonly string[]

export async function scan(
  database: Database,
  collection: string,
  range: ScanRange,
  layout: KeyLayout | undefined,
  now: number,
): Promise<ScanPage> {
  const [index = '0', lastName = ''] = readScanToken(range) ?? []
  const paths = pathsOf(collection, range.tenant, layout)
  const path = paths[Number(index)]
  if (path === undefined) return { records: [], next: null }
  const root = `${database.name}/documents`
  const query = structuredQuery(root, path, lastName, range.limit)
  const { documents, cut } = await database.scan(root, query)
  const records = documents.flatMap((document) => scanned(document, range, now))
  const last = documents.at(-1)?.name
  if ((cut || documents.length >= range.limit) && typeof last === 'string') {
    return { records, next: scanToken(range, [index, last]) }
  }
  const following = Number(index) + 1
  const next = following < paths.length ? scanToken(range, [String(following), '']) : null
  return { records, next }
}

function pathsOf(
  collection: string,
  tenant: TenantId | null,
  layout: KeyLayout | undefined,
): readonly Path[] {
  const shapes = layout?.shapes ?? []
  const tenantFirst = (layout?.tenantAt ?? 0) === 0 && tenant !== null
  const unshaped = [collection, tenantFirst ? `${joinKey(tenant)}#` : '']
  const paths = shapes.flatMap(({ collection: pattern, partition }) =>
    pathOf(pattern ?? `${collection}/${partition}`, tenant),
  )
  const all = new Map([unshaped, ...paths].map((path) => [JSON.stringify(path), path]))
  return [...all.values()]
}

/** One, in a list so that a path is not taken for a list of paths. */
function pathOf(pattern: string, tenant: TenantId | null): readonly Path[] {
  const names = pattern
    .split('/')
    .map((name) => (tenant === null ? name : name.replaceAll('{tenant_id}', joinKey(tenant))))
  const unknownAt = names.findIndex((name) => name.includes('{'))
  if (unknownAt === -1) return [[...names, '']]
  return [[...names.slice(0, unknownAt), names[unknownAt]?.split('{', 1)[0] ?? '']]
}

// The least of all names: what follows a name in order is that name with it at the end.
const least = '\u0001'

function structuredQuery(root: string, path: Path, lastName: string, limit: number): WireQuery {
  const filters = bounds(root, path)
  if (lastName !== '') filters.push(filter('GREATER_THAN', lastName))
  return {
    from: [{ allDescendants: true }],
    where: { compositeFilter: { op: 'AND', filters } },
    orderBy: [{ field: { fieldPath: '__name__' }, direction: 'ASCENDING' }],
    limit: { value: limit },
  }
}

/** Documents have an even number of names; where the path ends in a collection, one is added. */
function bounds(root: string, path: Path): WireFilter[] {
  const parents = path.slice(0, -1).map(documentId)
  const last = path.at(-1) ?? ''
  const nameOf = (names: Path): string =>
    [root, ...names, ...(names.length % 2 === 1 ? [least] : [])].join('/')
  if (last === '') {
    const parent = parents.at(-1) ?? ''
    return [
      filter('GREATER_THAN_OR_EQUAL', nameOf(parents)),
      filter('LESS_THAN', nameOf([...parents.slice(0, -1), parent + least])),
    ]
  }
  const id = documentId(last)
  const end = afterPrefix(id)
  return [
    filter('GREATER_THAN_OR_EQUAL', nameOf([...parents, id])),
    ...(end === null ? [] : [filter('LESS_THAN', nameOf([...parents, end]))]),
  ]
}

function filter(op: WireFilter['fieldFilter']['op'], name: string): WireFilter {
  const value = { referenceValue: name }
  return { fieldFilter: { field: { fieldPath: '__name__' }, op, value } }
}

function scanned(document: WireDocument, range: ScanRange, now: number): readonly ScannedRecord[] {
  const { fields } = document
  const tenant = fields?.['tenant_id']?.stringValue
  const pk = fields?.['pk']?.stringValue
  const sk = fields?.['sk']?.stringValue
  // What else lies there is not ours.
  if (typeof tenant !== 'string' || typeof pk !== 'string' || typeof sk !== 'string') return []
  if (range.tenant !== null && range.tenant !== tenant) return []
  if (!range.prefixes.some((prefix) => pk.startsWith(prefix))) return []
  const owner = { tenant: tenant as TenantId, pk }
  const record = readRecord(readSnapshot(document), owner, sk, now)
  return record === null ? [] : [{ ...owner, ...record }]
}
