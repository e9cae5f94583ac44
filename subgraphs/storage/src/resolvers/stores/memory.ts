import type { NewMemoryMessage, SessionChanges } from '@heirloom/persistence'
import type {
  MemoryMessageInput,
  MemoryMessageResolvers,
  MemorySessionResolvers,
  MutationResolvers,
  QueryResolvers,
  SaveBlackboardResultResolvers,
} from '../../generated/resolvers.js'
import { lower, upper } from '../enum-names.js'
import { jsonObject, optionalJson } from '../json.js'
import { pageRequest, storePage } from '../store-page.js'
import { isStale, orStale } from './stale-version.js'

const msPerSecond = 1_000

export const memoryQueries: Pick<
  QueryResolvers,
  'memorySession' | 'memorySessions' | 'blackboard' | 'blackboards'
> = {
  memorySession: (_parent, { sessionId }, { scope }) => scope.stores.memory().session(sessionId),
  memorySessions: (_parent, args, { scope }) =>
    storePage(scope.stores.memory().sessions(pageRequest(args))),
  blackboard: (_parent, { key }, { scope }) => scope.stores.memory().blackboard(key),
  blackboards: (_parent, { prefix, ...args }, { scope }) =>
    storePage(scope.stores.memory().blackboards(prefix ?? '', pageRequest(args))),
}

export const memoryMutations: Pick<
  MutationResolvers,
  | 'appendMemoryMessage'
  | 'saveMemorySession'
  | 'deleteMemorySession'
  | 'saveBlackboard'
  | 'deleteBlackboard'
> = {
  appendMemoryMessage: async (_parent, { input }, { scope }) => {
    const { keepLast } = input
    const session = await scope.stores
      .memory()
      .appendMessage(input.sessionId, messageOf(input.message), {
        ...changesOf(input),
        ...(keepLast === undefined || keepLast === null ? {} : { keepLast }),
      })
    return { session }
  },
  saveMemorySession: async (_parent, { input }, { scope }) => ({
    session: await scope.stores.memory().saveSession(input.sessionId, {
      ...changesOf(input),
      messages: input.messages.map(messageOf),
    }),
  }),
  deleteMemorySession: async (_parent, { input: { sessionId } }, { scope }) => {
    await scope.stores.memory().deleteSession(sessionId)
    return { deletedSessionId: sessionId }
  },
  saveBlackboard: (_parent, { input }, { scope }) => {
    const board = {
      data: jsonObject(input.data),
      scope: input.scope ?? null,
      expiresAt: input.expiresAt ?? null,
    }
    return orStale(
      scope.stores
        .memory()
        .saveBlackboard(input.key, board, input.expectedRevision ?? null)
        .then((blackboard) => ({ blackboard })),
    )
  },
  deleteBlackboard: async (_parent, { input: { key } }, { scope }) => {
    await scope.stores.memory().deleteBlackboard(key)
    return { deletedKey: key }
  },
}

export const memorySessionResolvers: MemorySessionResolvers = {
  ttlSeconds: ({ ttlHintMs }) => (ttlHintMs === null ? null : Math.round(ttlHintMs / msPerSecond)),
}

export const memoryMessageResolvers: MemoryMessageResolvers = {
  role: ({ role }) => upper(role),
}

export const saveBlackboardResultResolvers: SaveBlackboardResultResolvers = {
  __resolveType: (result) => (isStale(result) ? 'StaleVersion' : 'SaveBlackboardPayload'),
}

function messageOf({ role, content, metadata }: MemoryMessageInput): NewMemoryMessage {
  return { role: lower(role ?? 'USER'), content, metadata: optionalJson(metadata) }
}

/** What is not given stays as it is; a ttl that is null is none. */
function changesOf(input: {
  readonly metadata?: unknown
  readonly ttlSeconds?: number | null | undefined
}): SessionChanges {
  const { metadata, ttlSeconds } = input
  return {
    ...(metadata === undefined || metadata === null ? {} : { metadata: jsonObject(metadata) }),
    ...(ttlSeconds === undefined
      ? {}
      : { ttlHintMs: ttlSeconds === null ? null : ttlSeconds * msPerSecond }),
  }
}
