import type { LegacyId, RevisionId, StoryId } from './ids.js'
import type { Page } from './page.js'
import type { StoryFilter } from './ports.js'
import type { Revision } from './revision.js'
import type { Scope } from './scope.js'
import type { Story } from './story.js'
import { visibleStories } from './visibility.js'

/** What is unknown, deleted or not the caller's to read is left out; so in all reads below. */
export async function findStories(
  scope: Scope,
  ids: readonly StoryId[],
): Promise<readonly Story[]> {
  return scope.store.stories.byIds(ids, visibleStories(scope))
}

export async function listStories(
  scope: Scope,
  page: Page<StoryId>,
  filter: StoryFilter,
): Promise<readonly Story[]> {
  return scope.store.stories.page(page, filter, visibleStories(scope))
}

export async function listStoriesOfEach(
  scope: Scope,
  legacies: readonly LegacyId[],
  page: Page<StoryId>,
  filter: StoryFilter,
): Promise<readonly Story[]> {
  return scope.store.stories.pageOfEach(legacies, page, filter, visibleStories(scope))
}

/**
 * A revision is as visible as a story of its status: whoever may not read drafts does not see
 * what a published story said while it was one.
 */
export async function findRevisions(
  scope: Scope,
  ids: readonly RevisionId[],
): Promise<readonly Revision[]> {
  return scope.store.revisions.byIds(ids, visibleStories(scope))
}

export async function listRevisionsOfEach(
  scope: Scope,
  stories: readonly StoryId[],
  page: Page<number>,
): Promise<readonly Revision[]> {
  return scope.store.revisions.pageOfEach(stories, page, visibleStories(scope))
}
