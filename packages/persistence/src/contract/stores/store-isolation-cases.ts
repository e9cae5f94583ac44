import type { ResourceKindName, StoreOf } from '../../resource-kinds.js'

type Methods<Store> = {
  [M in keyof Store]: Store[M] extends (...args: never) => Promise<unknown> ? M : never
}[keyof Store]

/** A call of every method that reaches data: the table does not compile without one of them. */
export interface IsolationCase<Store> {
  /** Writes something under the ids that all the calls name; may resolve to one that was given. */
  seed(store: Store): Promise<unknown>
  readonly calls: {
    readonly [M in Methods<Store>]: (store: Store, seeded: string) => Promise<unknown>
  }
  /** Calls whose data the users of a project share. */
  readonly sharedByUsers?: readonly string[]
  /** There is one such store per installation, and its keys name no tenant. */
  readonly onePerInstallation?: boolean
}

const page = { limit: 50 }
const by = 'user:1'
const day = new Date('2025-01-01T00:00:00Z')
const nextDay = new Date('2025-01-02T00:00:00Z')
const sha256 = 'a'.repeat(64)
const spend = { amount: 5, idempotencyKey: 'k', kind: 'ai', by }
const message = { role: 'user', authorId: by, content: 'hello', runId: 'r', clientId: 'c' } as const
const memory = { role: 'user', content: 'hello' } as const
const command = { idempotencyKey: 'k', type: 'draw', payload: { x: 1 }, actorId: by }
const binding = { actionName: 'a', firearmId: 'f', strategyLockRequired: true }
const actor = { actorType: 'user', actorId: 'u' } as const
const event = { id: 'e', type: 'Told', occurredAt: day, actorId: by, data: {} }
const output = {
  assetId: 'm',
  id: 'poster',
  kind: 'poster',
  mime: 'image/webp',
  sizeBytes: 1,
  sha256,
  objectKey: 'o',
}
const point = { id: 'p', at: day, value: 1, dimensions: { app: 'web' } }
const policy = {
  surfaceId: 's',
  actionName: 'a',
  requiresLock: false,
  approverPolicy: 'none',
  defaultBehavior: 'deny',
} as const
const seoPage = { surfaceId: null, locale: null, page: '/' }
const seo = {
  ...seoPage,
  title: 'T',
  description: null,
  keywords: [],
  canonicalUrl: null,
  robots: null,
  openGraph: {},
  structuredData: null,
}
const contract = { platform: 'mail', utmTemplate: { utm_source: 'mail' } }
const noChange = { saved: [], deleted: [], audits: [], switches: [], also: [] }
const audit = {
  id: 'x',
  at: day.toISOString(),
  by,
  action: 'saved',
  routeId: 'rt_1',
  before: null,
  after: null,
} as const
const change = {
  ...noChange,
  audits: [audit],
  switches: [{ id: 'x', tenantId: null, at: day.toISOString(), by, data: {} }],
}

export const isolationCases: {
  readonly [Kind in ResourceKindName]: IsolationCase<StoreOf<Kind>>
} = {
  attribution_store: {
    seed: (store) => store.save(contract, by),
    calls: {
      get: (store) => store.get('mail'),
      list: (store) => store.list(page),
      mark: (store) => store.mark('mail', 'https://example.org', {}),
      save: (store) => store.save({ ...contract, utmTemplate: { utm_source: 'other' } }, by),
      delete: (store) => store.delete('mail'),
    },
  },
  budget_store: {
    seed: async (store) => {
      await store.setLimit('ai', 'p', { limit: 10, period: 'total' })
      await store.setLimit('ai', null, { limit: 20, period: 'month' })
      await store.spend('ai', 'p', spend)
    },
    calls: {
      usage: (store) => Promise.all([store.usage('ai', 'p'), store.usage('ai', null)]),
      history: (store) => store.history('ai', 'p', page),
      entries: (store) => store.entries('ai', 'p', page),
      setLimit: (store) => store.setLimit('ai', 'p', { limit: 1, period: 'day' }),
      spend: (store) => store.spend('ai', 'p', { ...spend, amount: 1 }),
      refund: (store) => store.refund('ai', 'p', { idempotencyKey: 'k', refunded: 1 }),
    },
  },
  canvas_command_store: {
    seed: (store) => store.append('c', command, 0),
    calls: {
      head: (store) => store.head('c'),
      replay: (store) => store.replay('c', 0, 50),
      byIdempotencyKey: (store) => store.byIdempotencyKey('c', 'k'),
      canvases: (store) => store.canvases(page),
      append: (store) => store.append('c', { ...command, payload: { x: 2 } }, 0),
      feed: async (store) => {
        const fed: unknown[] = []
        await store.feed('c', (commands) => {
          fed.push(...commands.filter(({ payload }) => payload['x'] === 1))
          return Promise.resolve()
        })
        return fed
      },
    },
  },
  chat_store: {
    seed: async (store) => {
      const { id } = await store.append('t', message)
      await store.saveSnapshot('t', { upToMessageId: id, state: { of: 'A' } })
      return id
    },
    calls: {
      thread: (store) => store.thread('t'),
      threads: (store) => store.threads(page),
      get: (store, id) => store.get('t', id),
      list: (store) => store.list('t', page),
      listByRun: (store) => store.listByRun('t', 'r', page),
      latestSnapshot: (store) => store.latestSnapshot('t'),
      snapshots: (store) => store.snapshots('t', page),
      startThread: (store) => store.startThread('t'),
      append: (store) => store.append('t', { ...message, content: 'other' }),
      saveSnapshot: (store, id) => store.saveSnapshot('t', { upToMessageId: id, state: {} }),
      deleteThread: (store) => store.deleteThread('t'),
    },
  },
  config_store: {
    seed: (store) => store.save(null, { payload: { of: 'A' }, savedBy: by }, 0),
    calls: {
      latest: (store) => store.latest(null),
      version: (store) => store.version(null, 1),
      versions: (store) => store.versions(null, page),
      save: (store) => store.save(null, { payload: {}, savedBy: by }, 0),
      restore: (store) => store.restore(null, { version: 1, savedBy: by }, null),
    },
  },
  event_stream: {
    seed: (store) => store.append('s', [event]),
    calls: {
      listAfter: (store) => store.listAfter('s', 0, 50),
      head: (store) => store.head('s'),
      append: (store) => store.append('s', [{ ...event, data: { other: true } }]),
      trim: (store) => store.trim('s', { maxEvents: 0 }),
    },
  },
  firearms_policy_store: {
    seed: async (store) => {
      await store.bind(binding, by)
      await store.grant({ ...actor, firearmId: 'f' }, by)
    },
    calls: {
      binding: (store) => store.binding('a'),
      bindings: (store) => store.bindings(page),
      bindingsOf: (store) => store.bindingsOf('f', page),
      grantOf: (store) => store.grantOf(actor, 'f'),
      grantsOf: (store) => store.grantsOf(actor, page),
      holdersOf: (store) => store.holdersOf('f', page),
      decide: (store) => store.decide('a', actor, true),
      audit: (store) => store.audit(page),
      bind: (store) => store.bind({ ...binding, firearmId: 'g' }, by),
      rebind: (store) => store.rebind({ ...binding, firearmId: 'h' }, 1, by),
      grant: (store) => store.grant({ ...actor, firearmId: 'f', reason: 'other' }, by),
      revoke: (store) => store.revoke(actor, 'f', by),
      unbind: (store) => store.unbind('a', by),
    },
  },
  media_output_store: {
    seed: (store) => store.record(output),
    calls: {
      get: (store) => store.get('m', 'poster'),
      list: (store) => store.list('m', page),
      record: (store) => store.record({ ...output, sha256: 'b'.repeat(64) }),
      delete: (store) => store.delete('m', 'poster'),
    },
  },
  memory_store: {
    seed: async (store) => {
      await store.appendMessage('s', memory)
      await store.saveBlackboard('b', { data: { of: 'A' } }, 0)
    },
    calls: {
      session: (store) => store.session('s'),
      sessions: (store) => store.sessions(page),
      blackboard: (store) => store.blackboard('b'),
      blackboards: (store) => store.blackboards('', page),
      appendMessage: (store) => store.appendMessage('s', { ...memory, content: 'other' }),
      saveSession: (store) => store.saveSession('s', { messages: [] }),
      saveBlackboard: (store) => store.saveBlackboard('b', { data: {} }, null),
      deleteSession: (store) => store.deleteSession('s'),
      deleteBlackboard: (store) => store.deleteBlackboard('b'),
    },
    sharedByUsers: ['blackboard', 'blackboards', 'saveBlackboard', 'deleteBlackboard'],
  },
  metrics_store: {
    seed: (store) => store.record('views', [point]),
    calls: {
      counts: (store) =>
        store.counts('views', { from: day, to: nextDay, resolution: 'hour', groupBy: ['app'] }),
      points: (store) => store.points('views', { from: day, to: nextDay }, page),
      record: (store) => store.record('views', [{ ...point, value: 100 }]),
    },
  },
  routing_registry_store: {
    seed: (store) => store.write(null, change),
    calls: {
      version: (store) => store.version(),
      load: (store) => store.load(),
      audits: (store) => store.audits(50),
      auditPage: (store) => store.auditPage({ limit: 50 }),
      unannounced: (store) => store.unannounced(),
      write: (store) => store.write(null, noChange),
      announced: (store) => store.announced('x'),
    },
    onePerInstallation: true,
  },
  seo_config_store: {
    seed: (store) => store.save(seo, by),
    calls: {
      get: (store) => store.get(seoPage),
      find: (store) => store.find(seoPage),
      list: (store) => store.list(null, page),
      save: (store) => store.save({ ...seo, title: 'other' }, by),
      delete: (store) => store.delete(seoPage),
    },
  },
  strategy_policy_store: {
    seed: (store) => store.set(policy, by, 0),
    calls: {
      get: (store) => store.get('s', 'a'),
      list: (store) => store.list('s', page),
      find: (store) => store.find('s', 'a'),
      set: (store) => store.set({ ...policy, defaultBehavior: 'allow' }, by, null),
      seed: (store) => store.seed(by, [policy]),
      remove: (store) => store.remove('s', 'a'),
    },
  },
  tabular_store: {
    seed: (store) => store.upsert('t', 'k', { of: 'A' }),
    calls: {
      get: (store) => store.get('t', 'k'),
      listByPrefix: (store) => store.listByPrefix('t', '', page),
      upsert: (store) => store.upsert('t', 'k', { of: 'B' }),
      delete: (store) => store.delete('t', 'k'),
    },
  },
}
