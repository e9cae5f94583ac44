import { AppError } from '@heirloom/errors'

/** For a field that cannot be null: what it points at may be hidden from this caller. */
export function required<Node>(node: Node | null, typename: string, id: string): Node {
  if (node !== null) return node
  throw new AppError('NOT_FOUND', `there is no ${typename} with the id "${id}" for you to read`)
}
