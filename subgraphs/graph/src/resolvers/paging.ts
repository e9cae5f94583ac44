import { AppError } from '@heirloom/errors'
import {
  connection,
  decodeCursor,
  pageSize,
  type Connection,
  type PageArgs,
} from '@heirloom/subgraph'
import { personId } from '../domain/ids.js'
import type { Person } from '../domain/person.js'
import type { PageQuery } from '../domain/ports.js'

/**
 * Reads the arguments of a connection. The page asks for one person more than the client, which
 * tells whether there is a next page.
 * @throws AppError INVALID_INPUT, CURSOR_INVALID
 */
export function pageOf(args: PageArgs): PageQuery {
  const text = decodeCursor(args.after)
  const after = text === undefined ? undefined : personId(text)
  if (after === null) {
    throw new AppError('CURSOR_INVALID', 'this cursor belongs to another list')
  }
  return { after, limit: pageSize(args) + 1 }
}

export function connectionOf(people: readonly Person[], page: PageQuery): Connection<Person> {
  return connection(people, page.limit - 1, (person) => person.id)
}
