import type DataLoader from 'dataloader'
import { listLoader, loader } from '@heirloom/subgraph'
import { legacyId, revisionId, storyId, userId, type LegacyId, type StoryId } from './domain/ids.js'
import type { Legacy } from './domain/legacy.js'
import type { Page } from './domain/page.js'
import type { StoryFilter } from './domain/ports.js'
import { findUsers } from './domain/read-directory.js'
import { findLegacies } from './domain/read-legacies.js'
import {
  findRevisions,
  findStories,
  listRevisionsOfEach,
  listStoriesOfEach,
} from './domain/read-stories.js'
import type { Revision } from './domain/revision.js'
import type { Scope } from './domain/scope.js'
import type { Story } from './domain/story.js'
import type { User } from './domain/user.js'

/** Batches what the resolvers of one request ask for one by one. */
export interface Loaders {
  readonly users: DataLoader<string, User | null>
  readonly legacies: DataLoader<string, Legacy | null>
  readonly stories: DataLoader<string, Story | null>
  readonly revisions: DataLoader<string, Revision | null>
  storiesOfLegacy(page: Page<StoryId>, filter: StoryFilter): DataLoader<string, readonly Story[]>
  revisionsOfStory(page: Page<number>): DataLoader<string, readonly Revision[]>
  /** Forgets what was read, so that what follows a mutation sees what it wrote. */
  forget(): void
}

export function createLoaders(scope: Scope): Loaders {
  const users = loader(
    (ids) => findUsers(scope, known(ids, userId)),
    (user) => user.id,
  )
  const legacies = loader(
    (ids) => findLegacies(scope, known(ids, legacyId)),
    (legacy) => legacy.id,
  )
  const stories = loader(
    (ids) => findStories(scope, known(ids, storyId)),
    (story) => story.id,
  )
  const revisions = loader(
    (ids) => findRevisions(scope, known(ids, revisionId)),
    (revision) => revision.id,
  )
  // Fields with the same arguments share a query: one loader for each set of arguments.
  const storyPages = new Map<string, DataLoader<string, readonly Story[]>>()
  const revisionPages = new Map<string, DataLoader<string, readonly Revision[]>>()

  return {
    users,
    legacies,
    stories,
    revisions,
    storiesOfLegacy: (page, filter) =>
      kept(storyPages, [page, filter], () =>
        listLoader(
          (ids) => listStoriesOfEach(scope, known<LegacyId>(ids, legacyId), page, filter),
          (story) => story.legacyId,
        ),
      ),
    revisionsOfStory: (page) =>
      kept(revisionPages, page, () =>
        listLoader(
          (ids) => listRevisionsOfEach(scope, known<StoryId>(ids, storyId), page),
          (revision) => revision.storyId,
        ),
      ),
    forget: () => {
      for (const each of [users, legacies, stories, revisions]) each.clearAll()
      storyPages.clear()
      revisionPages.clear()
    },
  }
}

/** Malformed ids are unknown ids: they load as null without a question to the database. */
function known<Id>(texts: readonly string[], parse: (text: string) => Id | null): Id[] {
  return texts.flatMap((text) => parse(text) ?? [])
}

function kept<Value>(values: Map<string, Value>, key: unknown, make: () => Value): Value {
  const text = JSON.stringify(key)
  const value = values.get(text) ?? make()
  values.set(text, value)
  return value
}
