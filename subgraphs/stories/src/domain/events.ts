import type { NewEvent } from '@heirloom/events'
import type { Invitation } from './invitation.js'
import type { Legacy } from './legacy.js'
import { statusOf, type Story } from './story.js'

export function legacyCreated(legacy: Legacy): NewEvent {
  return {
    type: 'LegacyCreated',
    version: 1,
    resource: { kind: 'Legacy', id: legacy.id },
    payload: { legacy_id: legacy.id, title: legacy.title, slug: legacy.slug },
  }
}

export const storyCreated = (story: Story): NewEvent => storyEvent('StoryCreated', story)
export const storyUpdated = (story: Story): NewEvent => storyEvent('StoryUpdated', story)
export const storyPublished = (story: Story): NewEvent => storyEvent('StoryPublished', story)

export function storyDeleted(story: Story): NewEvent {
  return {
    type: 'StoryDeleted',
    version: 1,
    resource: { kind: 'Story', id: story.id },
    payload: { legacy_id: story.legacyId, story_id: story.id, revision: story.revision },
  }
}

/** Carries the whole story, so that a consumer never has to ask back. */
function storyEvent(type: string, story: Story): NewEvent {
  return {
    type,
    version: 1,
    resource: { kind: 'Story', id: story.id },
    payload: {
      legacy_id: story.legacyId,
      story_id: story.id,
      revision: story.revision,
      title: story.title,
      body: story.body,
      status: statusOf(story.state),
      state: story.state,
      level: story.level,
      author_id: story.authorId,
    },
  }
}

/** For the mailer: `sealed_secret` is a JWE that it alone can open, null where none is set up. */
export function invitationCreated(invitation: Invitation, sealedSecret: string | null): NewEvent {
  const { id, email, role, scope, invitedBy, expiresAt } = invitation
  return {
    type: 'InvitationCreated',
    version: 1,
    resource: { kind: 'Invitation', id },
    payload: {
      invitation_id: id,
      email,
      role,
      scope: scope.kind,
      scope_id:
        scope.kind === 'tenant' ? null : scope.kind === 'legacy' ? scope.legacyId : scope.storyId,
      invited_by: invitedBy,
      expires_at: expiresAt.toISOString(),
      sealed_secret: sealedSecret,
    },
  }
}
