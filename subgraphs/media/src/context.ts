import type DataLoader from 'dataloader'
import type { AuditReader } from '@heirloom/audit'
import type { RequestContext } from '@heirloom/subgraph'
import type { MediaScope } from './domain/media.js'
import type { MediaAsset } from './domain/media-asset.js'

export interface GraphQLContext extends RequestContext {
  readonly media: MediaScope
  readonly audit: AuditReader
  /** Readable assets by id. */
  readonly assets: DataLoader<string, MediaAsset | null>
  /** Readable READY assets by the story that they go with. */
  readonly assetsOfStory: DataLoader<string, readonly MediaAsset[]>
}
