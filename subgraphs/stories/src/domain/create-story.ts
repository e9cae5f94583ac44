import type { StoryLevel } from '@heirloom/authz'
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
import { mayReadLegacy } from './visibility.js'

export interface CreateStory {
  readonly legacyId: string
  readonly title: string
  readonly body: string
  readonly level?: StoryLevel | null | undefined
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
  requireWriter(scope, input.legacyId)
  const text = { title: title(input.title), body: body(input.body) }
  const level = input.level ?? 'TENANT'
  return scope.store.change(async (changes) => {
    const legacy = await readableLegacy(scope, input.legacyId, changes)
    // A level that was not asked for is no part of the request: it was none before there were any.
    const asked = { legacy, ...text, ...(level === 'TENANT' ? {} : { level }) }
    const request = { operation: 'story:create', key: idempotencyKey, input: asked }
    const id = await changes.once(request, async () => {
      const author = await ensureActor(scope, changes)
      const identity = { id: newStoryId(scope.newId), legacyId: legacy, authorId: author.id, level }
      const story = draft(identity, text, scope.now())
      await changes.stories.insert(story)
      await changes.revisions.append(revisionOf(story, newRevisionId(scope.newId), author.id))
      await changes.announce(storyCreated(story))
      return story.id
    })
    return (await storyAfter(scope)(id, changes)).story
  })
}

/** @throws AppError FORBIDDEN */
function requireWriter({ tenant, authorizer }: Scope, legacy: string): void {
  authorizer.require(tenant, 'story:create', {
    kind: 'Story',
    tenantId: tenant.tenantId,
    legacyId: legacy,
    authorId: tenant.actor.id,
    status: 'DRAFT',
  })
}

async function readableLegacy(scope: Scope, text: string, changes: Changes): Promise<LegacyId> {
  const id = legacyId(text)
  const [legacy] =
    id === null || !mayReadLegacy(scope, id) ? [] : await changes.legacies.byIds([id])
  if (legacy !== undefined) return legacy.id
  throw new AppError('NOT_FOUND', `there is no legacy with the id "${text.slice(0, 64)}"`)
}
