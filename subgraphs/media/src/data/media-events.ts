import type { NewEvent } from '@heirloom/events'
import type { MediaAsset, StoryId } from '../domain/media-asset.js'

export function mediaUploaded(asset: MediaAsset): NewEvent {
  return {
    type: 'MediaUploaded',
    version: 1,
    resource: { kind: 'MediaAsset', id: asset.id },
    payload: {
      legacy_id: asset.legacyId,
      media_id: asset.id,
      ...(asset.storyId === null ? {} : { story_id: asset.storyId }),
      file_name: asset.fileName,
      content_type: asset.contentType,
      size: asset.sizeBytes,
      sha256: asset.sha256,
    },
  }
}

export function mediaLinked(asset: MediaAsset, storyId: StoryId): NewEvent {
  return {
    type: 'MediaLinked',
    version: 1,
    resource: { kind: 'MediaAsset', id: asset.id },
    payload: { legacy_id: asset.legacyId, media_id: asset.id, story_id: storyId },
  }
}
