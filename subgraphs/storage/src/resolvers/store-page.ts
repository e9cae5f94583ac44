import { pageSize, type PageArgs } from '@heirloom/subgraph'

/** A list of which a position is known at the end of each page, and not of each item. */
export interface StorePage<Node> {
  readonly nodes: readonly Node[]
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
}

/** @throws AppError INVALID_INPUT */
export function pageRequest(
  args: PageArgs,
  max?: number,
): { readonly limit: number; readonly token: string | null } {
  return { limit: pageSize(args, max), token: args.after ?? null }
}

export async function storePage<Node>(
  page: Promise<{ readonly items: readonly Node[]; readonly next: string | null }>,
): Promise<StorePage<Node>> {
  const { items, next } = await page
  return { nodes: items, pageInfo: { endCursor: next, hasNextPage: next !== null } }
}
