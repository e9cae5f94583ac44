/**
 * What it takes to call each method of each store. A method that is missing here does not compile,
 * so none can be reached without a question.
 */
import type { Action } from '@heirloom/authz'
import type { Stores } from './stores.js'

export type Permissions<Store> = {
  readonly [
    Method in keyof Store as Store[Method] extends (...args: never) => unknown ? Method : never
  ]: Action
}

type Kept<Name extends keyof Stores> = Permissions<ReturnType<Stores[Name]>>

export const permissions: { readonly [Name in keyof Stores]: Kept<Name> } = {
  attribution: {
    save: 'attribution:write',
    get: 'attribution:read',
    list: 'attribution:read',
    delete: 'attribution:write',
    mark: 'attribution:read',
  },
  budgets: {
    setLimit: 'budget:write',
    spend: 'budget:spend',
    refund: 'budget:spend',
    usage: 'budget:read',
    history: 'budget:read',
    entries: 'budget:read',
  },
  canvases: {
    append: 'canvas:append',
    head: 'canvas:read',
    replay: 'canvas:read',
    byIdempotencyKey: 'canvas:read',
    canvases: 'canvas:read',
    feed: 'canvas:append',
    onAppend: 'canvas:read',
  },
  chats: {
    startThread: 'chat:write',
    thread: 'chat:read',
    threads: 'chat:read',
    append: 'chat:write',
    get: 'chat:read',
    list: 'chat:read',
    listByRun: 'chat:read',
    saveSnapshot: 'chat:write',
    latestSnapshot: 'chat:read',
    snapshots: 'chat:read',
    deleteThread: 'chat:delete',
  },
  config: {
    save: 'config:write',
    latest: 'config:read',
    version: 'config:read',
    versions: 'config:read',
    restore: 'config:write',
  },
  systemConfig: {
    save: 'system-config:write',
    latest: 'system-config:read',
    version: 'system-config:read',
    versions: 'system-config:read',
    restore: 'system-config:write',
  },
  documents: {
    get: 'document:read',
    create: 'document:write',
    update: 'document:write',
    patch: 'document:write',
    delete: 'document:write',
    query: 'document:read',
    watch: 'document:read',
  },
  users: {
    createUser: 'user:write',
    getUserByUsername: 'user:read',
    getUserByID: 'user:read',
    updateUserLoginStats: 'user:write',
    listUsers: 'user:read',
    updateUser: 'user:write',
  },
  revocations: {
    revokeToken: 'revocation:write',
    revokeTokenImmediate: 'revocation:write',
    isRevoked: 'revocation:read',
  },
  firearms: {
    bind: 'firearms:write',
    rebind: 'firearms:write',
    unbind: 'firearms:write',
    binding: 'firearms:read',
    bindings: 'firearms:read',
    bindingsOf: 'firearms:read',
    grant: 'firearms:write',
    revoke: 'firearms:write',
    grantOf: 'firearms:read',
    grantsOf: 'firearms:read',
    holdersOf: 'firearms:read',
    decide: 'firearms:decide',
    audit: 'firearms:read',
  },
  mediaOutputs: {
    record: 'media-output:write',
    get: 'media-output:read',
    list: 'media-output:read',
    delete: 'media-output:write',
  },
  memory: {
    appendMessage: 'memory:write',
    saveSession: 'memory:write',
    session: 'memory:read',
    sessions: 'memory:read',
    deleteSession: 'memory:write',
    saveBlackboard: 'memory:write',
    blackboard: 'memory:read',
    blackboards: 'memory:read',
    deleteBlackboard: 'memory:write',
  },
  metrics: { record: 'metric:record', counts: 'metric:read', points: 'metric:read' },
  seo: {
    save: 'seo:write',
    get: 'seo:read',
    find: 'seo:read',
    list: 'seo:read',
    delete: 'seo:write',
  },
  strategies: {
    set: 'strategy:write',
    get: 'strategy:read',
    list: 'strategy:read',
    remove: 'strategy:write',
    find: 'strategy:read',
    seed: 'strategy:write',
  },
  tables: {
    upsert: 'table:write',
    get: 'table:read',
    listByPrefix: 'table:read',
    delete: 'table:write',
  },
}
