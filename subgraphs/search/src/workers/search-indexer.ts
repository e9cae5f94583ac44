import { createConsumer, once, type ConsumerOptions, type Service } from '@heirloom/events'
import type { Database } from '@heirloom/postgres'
import { createPostgresSearchAdapter } from '../data/postgres-search-adapter.js'
import { applyStoryEvent, storyEventTypes } from '../domain/apply-story-event.js'

export interface SearchIndexerOptions extends Pick<
  ConsumerOptions,
  'bus' | 'queueUrl' | 'logger' | 'concurrency'
> {
  /** As the app role: each event is applied inside its own tenant. */
  readonly database: Database<unknown>
}

const name = 'search-indexer'

/** Keeps the index up to date with the stories' events, each applied once, in any order. */
export function createSearchIndexer({ database, ...options }: SearchIndexerOptions): Service {
  return createConsumer({
    ...options,
    name,
    types: storyEventTypes,
    handle: (event) =>
      database.for(event.tenant_id).transaction(async (trx) => {
        const index = createPostgresSearchAdapter((work) => work(trx))
        await once(trx, name, event, () => applyStoryEvent(index, event))
      }),
  })
}
