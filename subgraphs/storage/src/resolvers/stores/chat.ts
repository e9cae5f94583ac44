import type {
  ChatMessageResolvers,
  ChatThreadResolvers,
  MutationResolvers,
  QueryResolvers,
} from '../../generated/resolvers.js'
import { actorOf } from '../../domain/scope.js'
import { lower, upper } from '../enum-names.js'
import { jsonObject, optionalJson } from '../json.js'
import { pageRequest, storePage } from '../store-page.js'

export const chatQueries: Pick<QueryResolvers, 'chatThread' | 'chatThreads'> = {
  chatThread: (_parent, { id }, { scope }) => scope.stores.chats().thread(id),
  chatThreads: (_parent, args, { scope }) =>
    storePage(scope.stores.chats().threads(pageRequest(args))),
}

export const chatMutations: Pick<
  MutationResolvers,
  'startChatThread' | 'appendChatMessage' | 'saveChatSnapshot' | 'deleteChatThread'
> = {
  startChatThread: async (_parent, { input: { id, title, expiresAt } }, { scope }) => ({
    thread: await scope.stores
      .chats()
      .startThread(id, { title: title ?? null, expiresAt: expiresAt ?? null }),
  }),
  appendChatMessage: async (_parent, { input }, { scope }) => ({
    message: await scope.stores.chats().append(input.threadId, {
      role: lower(input.role ?? 'USER'),
      authorId: actorOf(scope.tenant),
      content: input.content,
      data: optionalJson(input.data),
      runId: input.runId ?? null,
      clientId: input.clientId ?? null,
    }),
  }),
  saveChatSnapshot: async (_parent, { input }, { scope }) => ({
    snapshot: await scope.stores.chats().saveSnapshot(input.threadId, {
      upToMessageId: input.upToMessageId,
      state: jsonObject(input.state),
    }),
  }),
  deleteChatThread: async (_parent, { input: { id } }, { scope }) => {
    await scope.stores.chats().deleteThread(id)
    return { deletedThreadId: id }
  },
}

export const chatThreadResolvers: ChatThreadResolvers = {
  messages: ({ id }, args, { scope }) =>
    storePage(
      scope.stores
        .chats()
        .list(id, { ...pageRequest(args), newestFirst: args.newestFirst ?? false }),
    ),
  message: ({ id }, args, { scope }) => scope.stores.chats().get(id, args.id),
  messagesOfRun: ({ id }, args, { scope }) =>
    storePage(scope.stores.chats().listByRun(id, args.runId, pageRequest(args))),
  latestSnapshot: ({ id }, _args, { scope }) => scope.stores.chats().latestSnapshot(id),
  snapshots: ({ id }, args, { scope }) =>
    storePage(scope.stores.chats().snapshots(id, pageRequest(args))),
}

export const chatMessageResolvers: ChatMessageResolvers = {
  role: ({ role }) => upper(role),
}
