import type { TabularRow } from '@heirloom/persistence'
import {
  deleteTableRow,
  saveTableRow,
  type RowChanged,
} from '../../domain/stores/change-table-row.js'
import type {
  DeleteTableRowResultResolvers,
  MutationResolvers,
  QueryResolvers,
  SaveTableRowResultResolvers,
} from '../../generated/resolvers.js'
import { jsonObject } from '../json.js'
import { pageRequest, storePage } from '../store-page.js'

export const tableQueries: Pick<QueryResolvers, 'tableRow' | 'tableRows'> = {
  tableRow: (_parent, { table, key }, { scope }) => scope.stores.tables().get(table, key),
  tableRows: (_parent, { table, prefix, ...args }, { scope }) =>
    storePage(scope.stores.tables().listByPrefix(table, prefix ?? '', pageRequest(args))),
}

export const tableMutations: Pick<MutationResolvers, 'saveTableRow' | 'deleteTableRow'> = {
  saveTableRow: async (_parent, { input }, { scope }) => {
    const { table, key, data, expiresAt, expectedVersion } = input
    const row = { table, key, data: jsonObject(data), expiresAt: expiresAt ?? null }
    const saved = await saveTableRow(scope.stores, row, expectedVersion ?? null)
    return 'changed' in saved ? rowChanged(saved) : { row: saved }
  },
  deleteTableRow: async (_parent, { input }, { scope }) => {
    const deleted = await deleteTableRow(scope.stores, input, input.expectedVersion ?? null)
    return 'changed' in deleted ? rowChanged(deleted) : deleted
  },
}

export const saveTableRowResultResolvers: SaveTableRowResultResolvers = {
  __resolveType: (result) => ('row' in result ? 'SaveTableRowPayload' : 'TableRowChanged'),
}

export const deleteTableRowResultResolvers: DeleteTableRowResultResolvers = {
  __resolveType: (result) => ('deletedKey' in result ? 'DeleteTableRowPayload' : 'TableRowChanged'),
}

function rowChanged({ current }: RowChanged): {
  readonly code: string
  readonly message: string
  readonly current: TabularRow | null
} {
  return { code: 'CONFLICT', message: 'the row changed since it was read', current }
}
