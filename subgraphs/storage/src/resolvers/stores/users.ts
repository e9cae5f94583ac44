import {
  graceMs,
  loginOutcome,
  placedUser,
  userChange,
  writeUser,
} from '../../domain/stores/users.js'
import type {
  MutationResolvers,
  QueryResolvers,
  WriteDatabaseUserResultResolvers,
} from '../../generated/resolvers.js'
import { pageRequest, storePage } from '../store-page.js'

export const userQueries: Pick<
  QueryResolvers,
  'databaseUser' | 'databaseUserByName' | 'databaseUsers' | 'isTokenRevoked'
> = {
  databaseUser: async (_parent, { database, userId }, { scope }) => {
    const found = await scope.stores.users().getUserByID(database, userId)
    return found === null ? null : placedUser(database, found)
  },
  databaseUserByName: async (_parent, { database, username }, { scope }) => {
    const found = await scope.stores.users().getUserByUsername(database, username)
    return found === null ? null : placedUser(database, found)
  },
  databaseUsers: (_parent, args, { scope }) => {
    const { database } = args
    const { limit, token } = pageRequest(args)
    const page = scope.stores
      .users()
      .listUsers(database, { limit, ...(token === null ? {} : { token }) })
    return storePage(
      page.then(({ users, next }) => ({
        items: users.map((user) => placedUser(database, user)),
        next,
      })),
    )
  },
  isTokenRevoked: (_parent, { database, tokenId, graceSeconds }, { scope }) =>
    scope.stores
      .revocations()
      .isRevoked(database, tokenId, { graceMs: graceMs(graceSeconds ?? 0) }),
}

export const userMutations: Pick<
  MutationResolvers,
  'createDatabaseUser' | 'updateDatabaseUser' | 'recordDatabaseLogin' | 'revokeToken'
> = {
  createDatabaseUser: (_parent, { input }, { scope }) => {
    const { database, username } = input
    return writeUser(
      scope.stores,
      database,
      (store) => store.createUser(database, { username, ...userChange(input) }),
      (store) => store.getUserByUsername(database, username),
    )
  },
  updateDatabaseUser: (_parent, { input }, { scope }) => {
    const { database, userId, expectedVersion: version } = input
    const condition = version === undefined || version === null ? {} : { ifVersion: version }
    return writeUser(
      scope.stores,
      database,
      (store) => store.updateUser(database, userId, userChange(input), condition),
      (store) => store.getUserByID(database, userId),
    )
  },
  recordDatabaseLogin: (_parent, { input }, { scope }) => {
    const { database, userId } = input
    return scope.stores.users().updateUserLoginStats(database, userId, loginOutcome(input))
  },
  revokeToken: async (_parent, { input }, { scope }) => {
    const { database, tokenId, expiresAt, immediately } = input
    const store = scope.stores.revocations()
    if (immediately === true) await store.revokeTokenImmediate(database, tokenId, expiresAt)
    else await store.revokeToken(database, tokenId, expiresAt)
    return { revokedTokenId: tokenId }
  },
}

export const writeDatabaseUserResultResolvers: WriteDatabaseUserResultResolvers = {
  __resolveType: (result) => ('user' in result ? 'DatabaseUserPayload' : 'DatabaseUserChanged'),
}
