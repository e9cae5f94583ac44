import DataLoader from 'dataloader'

/**
 * A DataLoader over a bulk read that returns rows in any order; what is not found loads as null.
 * One loader serves one request and one tenant: never keep it longer.
 */
export function loader<Row>(
  read: (keys: readonly string[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): DataLoader<string, Row | null> {
  return new DataLoader(async (keys) => {
    const found = new Map((await read(keys)).map((row) => [keyOf(row), row]))
    return keys.map((key) => found.get(key) ?? null)
  })
}

/** The same for one-to-many: every key loads the list of its rows, in the order they were read. */
export function listLoader<Row>(
  read: (keys: readonly string[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): DataLoader<string, readonly Row[]> {
  return new DataLoader(async (keys) => {
    const found = new Map<string, Row[]>(keys.map((key) => [key, []]))
    for (const row of await read(keys)) found.get(keyOf(row))?.push(row)
    return keys.map((key) => found.get(key) ?? [])
  })
}
