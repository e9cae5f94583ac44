import { AppError } from '@heirloom/errors'
import type { Action } from '@heirloom/authz'
import { ensureActor } from './ensure-tenant.js'
import { newRevisionId, storyId, type StoryId } from './ids.js'
import type { Changes } from './ports.js'
import { revisionOf } from './revision.js'
import type { Scope } from './scope.js'
import type { Story } from './story.js'
import { storyResource, visibleStories } from './visibility.js'

/** The change was made from a revision that is no longer the current one; nothing was written. */
export interface StaleStory {
  readonly kind: 'stale'
  readonly expectedRevision: number
  readonly current: Story
}

export interface ChangedStory {
  readonly kind: 'changed'
  readonly story: Story
}

export interface ChangeRequest {
  readonly id: string
  readonly expectedRevision: number
  readonly idempotencyKey?: string | null | undefined
}

// Thrown inside the transaction only, so that it rolls back and the key stays free for a retry.
class Stale extends Error {
  constructor(readonly current: Story) {
    super('the story changed since it was read')
  }
}

/** One kind of change: who may make it, what it writes, and what its caller is told. */
export interface StoryChange<Outcome> {
  readonly action: Action & `story:${string}`
  /** What was asked for beyond the request: a repeat with the same key must ask for the same. */
  readonly input?: unknown
  /** Writes, all or nothing: what it wrote is lost when it throws. */
  readonly apply: (story: Story, changes: Changes) => Promise<void>
  /** Asked after the change, and after the repeat of a change that was made before. */
  readonly outcome: (id: StoryId, changes: Changes) => Promise<Outcome>
}

/**
 * How every story is changed: in one transaction, once per key, with the row locked, by somebody
 * who may, and only from the current revision.
 * @throws AppError NOT_FOUND (also for what the caller may not read), FORBIDDEN,
 *   IDEMPOTENCY_KEY_REUSED
 */
export async function changeStory<Outcome>(
  scope: Scope,
  { id, expectedRevision, idempotencyKey }: ChangeRequest,
  { action, input = null, apply, outcome }: StoryChange<Outcome>,
): Promise<Outcome | StaleStory> {
  const known = storyId(id)
  if (known === null) throw storyNotFound(id)
  const keyed = { operation: action, key: idempotencyKey, input: { id, expectedRevision, input } }
  try {
    return await scope.store.change(async (changes) => {
      await changes.once(keyed, async () => {
        const story = await lockForChange(scope, action, known, changes)
        if (story.revision !== expectedRevision) throw new Stale(story)
        await ensureActor(scope, changes)
        await apply(story, changes)
        return known
      })
      return outcome(known, changes)
    })
  } catch (error) {
    if (error instanceof Stale) return { kind: 'stale', expectedRevision, current: error.current }
    throw error
  }
}

async function lockForChange(
  scope: Scope,
  action: Action,
  id: StoryId,
  changes: Changes,
): Promise<Story> {
  const { tenant, authorizer } = scope
  const story = await changes.stories.lock(id, visibleStories(scope))
  if (story === null) throw storyNotFound(id)
  authorizer.require(tenant, action, storyResource(story, tenant.tenantId))
  return story
}

/** Saves the story together with the revision that keeps this state of it. */
export async function saveRevision(scope: Scope, story: Story, changes: Changes): Promise<void> {
  await changes.stories.save(story)
  const id = newRevisionId(scope.newId)
  await changes.revisions.append(revisionOf(story, id, scope.tenant.actor.id))
}

/** The story as the caller reads it after the change, which a repeat of the request reads too. */
export function storyAfter(scope: Scope) {
  return async (id: StoryId, changes: Changes): Promise<ChangedStory> => {
    const [story] = await changes.stories.byIds([id], visibleStories(scope))
    if (story === undefined) throw storyNotFound(id)
    return { kind: 'changed', story }
  }
}

export function storyNotFound(id: string): AppError {
  return new AppError('NOT_FOUND', `there is no story with the id "${id.slice(0, 64)}"`)
}
