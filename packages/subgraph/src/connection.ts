import { AppError } from '@heirloom/errors'

/** Relay's connection (https://relay.dev/graphql/connections.htm), forward only. */
export interface Connection<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[]
  readonly nodes: readonly Node[]
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
}

export interface PageArgs {
  readonly first?: number | null | undefined
  readonly after?: string | null | undefined
}

const defaultPageSize = 20
const defaultMaxPageSize = 100

/** @throws AppError INVALID_INPUT unless 1 <= first <= max */
export function pageSize(args: PageArgs, max: number = defaultMaxPageSize): number {
  const first = args.first ?? Math.min(defaultPageSize, max)
  if (first < 1 || first > max) {
    throw new AppError('INVALID_INPUT', `"first" must be between 1 and ${max}`)
  }
  return first
}

/** Builds a page from up to `first + 1` rows: the extra one only tells that there is more. */
export function connection<Node>(
  rows: readonly Node[],
  first: number,
  positionOf: (node: Node) => string,
): Connection<Node> {
  const nodes = rows.slice(0, first)
  const edges = nodes.map((node) => ({ cursor: encodeCursor(positionOf(node)), node }))
  return {
    edges,
    nodes,
    pageInfo: { endCursor: edges.at(-1)?.cursor ?? null, hasNextPage: rows.length > first },
  }
}

// Version 1 of the opaque form. A list cursor is only a position inside the tenant's own rows,
// so it needs no signature; stream cursors are signed (packages/streams).
const prefix = 'c1:'

export function encodeCursor(position: string): string {
  return Buffer.from(prefix + position).toString('base64url')
}

/** @throws AppError CURSOR_INVALID */
export function decodeCursor(cursor: string | null | undefined): string | undefined {
  if (cursor === null || cursor === undefined) return undefined
  const text = Buffer.from(cursor, 'base64url').toString('utf8')
  if (!text.startsWith(prefix) || encodeCursor(text.slice(prefix.length)) !== cursor) {
    throw new AppError('CURSOR_INVALID', 'this cursor is not one of ours; start without "after"')
  }
  return text.slice(prefix.length)
}
