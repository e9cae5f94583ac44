import type { RecordTable } from '../ports/record-table.js'

/**
 * The same table, seen as a backend may show it whose pages are no snapshots: a page can lack a
 * record that is there, and show later ones. `choose` says which of so many records is hidden;
 * each is hidden once at most, because who reads again sees what was committed before.
 */
export function tornTable(table: RecordTable, choose: (count: number) => number): RecordTable {
  const hidden = new Set<string>()
  return {
    ...table,
    capabilities: { ...table.capabilities, pages: 'records' },
    query: async (pk, range) => {
      const page = await table.query(pk, range)
      const record = page.records[choose(page.records.length)]
      const key = JSON.stringify([pk, record?.sk])
      if (record === undefined || hidden.has(key)) return page
      hidden.add(key)
      return { ...page, records: page.records.filter((other) => other !== record) }
    },
  }
}
