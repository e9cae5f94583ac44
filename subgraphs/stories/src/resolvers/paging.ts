import { AppError } from '@heirloom/errors'
import {
  connection,
  decodeCursor,
  pageSize,
  type Connection,
  type PageArgs,
} from '@heirloom/subgraph'
import type { Page } from '../domain/page.js'

/**
 * Reads the arguments of a connection. The page asks for one row more than the client, which
 * tells whether there is a next page.
 * @throws AppError INVALID_INPUT, CURSOR_INVALID
 */
export function pageOf<Position>(
  args: PageArgs,
  parse: (text: string) => Position | null,
): Page<Position> {
  const text = decodeCursor(args.after)
  const after = text === undefined ? undefined : parse(text)
  if (after === null) {
    throw new AppError('CURSOR_INVALID', 'this cursor belongs to another list')
  }
  return { limit: pageSize(args) + 1, after }
}

export function connectionOf<Node>(
  rows: readonly Node[],
  page: Page<unknown>,
  positionOf: (node: Node) => string,
): Connection<Node> {
  return connection(rows, page.limit - 1, positionOf)
}

/** The position of a revision among those of its story. */
export function revisionNumber(text: string): number | null {
  return /^\d{1,9}$/.test(text) ? Number(text) : null
}
