import type { Authorizer } from '@heirloom/authz'
import type { TenantContext } from '@heirloom/tenancy'
import { textField, type StreamEvent } from './stream-event.js'

/**
 * A timeline tells of drafts too, title and text included: whoever may not read a story must not
 * read it here. An event about a person or a medium asks likewise.
 */
export function seesTimelineEvent(
  authorizer: Authorizer,
  context: TenantContext,
  event: StreamEvent,
): boolean {
  const { tenantId } = context
  const status = textField(event, 'status')
  if (status === 'DRAFT' || status === 'PUBLISHED') {
    const authorId = textField(event, 'author_id') ?? ''
    const story = { kind: 'Story', tenantId, status, authorId } as const
    if (!authorizer.allows(context, 'story:read', story)) return false
  }
  const person = textField(event, 'person_id')
  if (
    person !== null &&
    !authorizer.allows(context, 'person:read', { kind: 'Person', id: person, tenantId })
  ) {
    return false
  }
  const media = textField(event, 'media_id')
  return (
    media === null ||
    authorizer.allows(context, 'media:read', { kind: 'MediaAsset', id: media, tenantId })
  )
}
