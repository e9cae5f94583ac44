import { AppError } from '@heirloom/errors'
import { storyAfter } from './change-story.js'
import { ensureActor } from './ensure-tenant.js'
import { storyCreated } from './events.js'
import { legacyId, newRevisionId, newStoryId, type LegacyId } from './ids.js'
import type { Changes } from './ports.js'
import { revisionOf } from './revision.js'
import type { Scope } from './scope.js'
import { draft, type Story } from './story.js'
import { body, title } from './text.js'
import { mayReadLegacies } from './visibility.js'

export interface CreateStory {
  readonly legacyId: string
  readonly title: string
  readonly body: string
  readonly idempotencyKey?: string | null | undefined
}

/**
 * Writes a draft and its first revision.
 * @throws AppError FORBIDDEN, INVALID_INPUT, PAYLOAD_TOO_LARGE, NOT_FOUND (the legacy)
 */
export async function createStory(
  scope: Scope,
  { idempotencyKey, ...input }: CreateStory,
): Promise<Story> {
  const { tenant, authorizer, store } = scope
  authorizer.require(tenant, 'story:create', {
    kind: 'Story',
    tenantId: tenant.tenantId,
    authorId: tenant.actor.id,
    status: 'DRAFT',
  })
  const text = { title: title(input.title), body: body(input.body) }
  return store.change(async (changes) => {
    const legacy = await readableLegacy(scope, input.legacyId, changes)
    const request = { operation: 'story:create', key: idempotencyKey, input: { legacy, ...text } }
    const id = await changes.once(request, async () => {
      const author = await ensureActor(scope, changes)
      const identity = { id: newStoryId(scope.newId), legacyId: legacy, authorId: author.id }
      const story = draft(identity, text, scope.now())
      await changes.stories.insert(story)
      await changes.revisions.append(revisionOf(story, newRevisionId(scope.newId), author.id))
      await changes.announce(storyCreated(story))
      return story.id
    })
    return (await storyAfter(scope)(id, changes)).story
  })
}

async function readableLegacy(scope: Scope, text: string, changes: Changes): Promise<LegacyId> {
  const id = legacyId(text)
  const [legacy] = id === null || !mayReadLegacies(scope) ? [] : await changes.legacies.byIds([id])
  if (legacy !== undefined) return legacy.id
  throw new AppError('NOT_FOUND', `there is no legacy with the id "${text.slice(0, 64)}"`)
}
