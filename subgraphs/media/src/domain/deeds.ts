/** What each mutation does, and what it is about, for the record of those that are denied. */
export const deeds = {
  requestUpload: { action: 'media:write', kind: 'Legacy', id: 'legacyId' },
  completeUpload: { action: 'media:write', kind: 'MediaAsset', id: 'id' },
  linkMediaToStory: { action: 'media:write', kind: 'MediaAsset', id: 'mediaId' },
}
