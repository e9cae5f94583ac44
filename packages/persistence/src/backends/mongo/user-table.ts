/**
 * UserTable on MongoDB: all users in one collection, their `_id` prefixed by tenant and database;
 * a unique index over tenant, database and username beside it.
 */
import type { UserTable } from '../../documents/user-table.js'
import type { User } from '../../ports/user-store.js'
import { change, read, type RowCodec } from './change.js'
import type { Mongo } from './connection.js'
import { translated } from './errors.js'
import { createIndexes, userIndexes } from './indexes.js'
import { toRawUser, toUser, type RawUser } from './raw.js'

const codec: RowCodec<RawUser, User> = { toRaw: toRawUser, fromRaw: toUser }

export function createMongoUserTable({ users, close }: Mongo): UserTable {
  return {
    read: async (scope, id) => {
      const found = await read(users, scope, id)
      return found === null ? null : toUser(found)
    },
    readByUsername: async ({ tenant, database }, username) => {
      const found = await translated(() => users.findOne({ tenant, database, username }))
      return found === null ? null : toUser(found)
    },
    change: (scope, id, decide) => change(users, codec, scope, id, decide),
    list: async ({ tenant, database }, after, limit) => {
      const found = await translated(() =>
        users
          .find({ tenant, database, username: { $gt: after } })
          .sort({ username: 1 })
          .limit(limit)
          .toArray(),
      )
      return found.map(toUser)
    },
    ensureIndexes: () => createIndexes(users, userIndexes),
    close,
  }
}
