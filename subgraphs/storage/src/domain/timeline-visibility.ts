import { storyLevels, storyStates, type Authorizer } from '@heirloom/authz'
import type { TenantContext } from '@heirloom/tenancy'
import { textField, type StreamEvent } from './stream-event.js'

/**
 * A timeline tells of drafts too, title and text included: whoever may not read a story must not
 * read it here. An event about a person or a medium asks likewise.
 */
export function seesTimelineEvent(
  authorizer: Authorizer,
  context: TenantContext,
  legacyId: string,
  event: StreamEvent,
): boolean {
  const { tenantId } = context
  // What was written before there were other states and levels gives neither.
  const status = oneOf(storyStates, textField(event, 'state') ?? textField(event, 'status'))
  if (status !== undefined) {
    const level = oneOf(storyLevels, textField(event, 'level')) ?? 'TENANT'
    const authorId = textField(event, 'author_id') ?? ''
    const storyId = textField(event, 'story_id') ?? ''
    const facts = { tenantId, legacyId, storyId, status, level, authorId }
    if (!authorizer.allows(context, 'story:read', { kind: 'Story', ...facts })) return false
  }
  const person = textField(event, 'person_id')
  if (
    person !== null &&
    !authorizer.allows(context, 'person:read', { kind: 'Person', id: person, tenantId, legacyId })
  ) {
    return false
  }
  const media = textField(event, 'media_id')
  return (
    media === null ||
    authorizer.allows(context, 'media:read', { kind: 'MediaAsset', id: media, tenantId, legacyId })
  )
}

function oneOf<Value extends string>(
  values: readonly Value[],
  text: string | null,
): Value | undefined {
  return values.find((value) => value === text)
}
