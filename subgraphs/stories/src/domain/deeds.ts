/** What each mutation does, and what it is about, for the record of those that are denied. */
export const deeds = {
  createLegacy: { action: 'legacy:create', kind: 'Tenant' },
  createStory: { action: 'story:create', kind: 'Legacy', id: 'legacyId' },
  updateStory: { action: 'story:update', kind: 'Story', id: 'id' },
  publishStory: { action: 'story:publish', kind: 'Story', id: 'id' },
  deleteStory: { action: 'story:delete', kind: 'Story', id: 'id' },
}
