/** What each mutation does, and what it is about, for the record of those that are denied. */
export const deeds = {
  createLegacy: { action: 'legacy:create', kind: 'Tenant' },
  createStory: { action: 'story:create', kind: 'Legacy', id: 'legacyId' },
  updateStory: { action: 'story:update', kind: 'Story', id: 'id' },
  publishStory: { action: 'story:publish', kind: 'Story', id: 'id' },
  deleteStory: { action: 'story:delete', kind: 'Story', id: 'id' },
  moveStory: { action: 'story:move', kind: 'Story', id: 'id' },
  setStoryLevel: { action: 'story:set-level', kind: 'Story', id: 'id' },
  setRole: { action: 'role:set', kind: 'User', id: 'userId' },
  removeRole: { action: 'role:remove', kind: 'User', id: 'userId' },
  inviteMember: { action: 'invitation:create', kind: 'Tenant' },
  revokeInvitation: { action: 'invitation:revoke', kind: 'Invitation', id: 'id' },
  // What it names is a secret.
  acceptInvitation: { action: 'invitation:accept', kind: 'Tenant' },
}
