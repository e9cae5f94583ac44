import { isUlid, type ActorId, type TenantId, type Ulid } from '@heirloom/tenancy'

declare const brand: unique symbol
type Id<Kind extends string> = Ulid & { readonly [brand]: Kind }
export type LegacyId = Id<'Legacy'>
export type StoryId = Id<'Story'>
export type MediaId = Id<'MediaAsset'>

/** An id as a client wrote it; null when it is malformed, which is as good as unknown. */
export const legacyId = (text: string) => (isUlid(text) ? (text as LegacyId) : null)
export const storyId = (text: string) => (isUlid(text) ? (text as StoryId) : null)
export const mediaId = (text: string) => (isUlid(text) ? (text as MediaId) : null)

export type MediaStatus = 'PENDING' | 'READY'

/** A picture, recording or document. The bytes lie in the object store, under `objectKey`. */
export interface MediaAsset {
  readonly id: MediaId
  readonly legacyId: LegacyId
  readonly storyId: StoryId | null
  readonly authorId: ActorId
  readonly fileName: string
  readonly contentType: string
  readonly sizeBytes: number
  /** Lower-case hexadecimal. */
  readonly sha256: string
  readonly caption: string | null
  readonly status: MediaStatus
  readonly createdAt: Date
}

/** A story as this subgraph knows it: by its id. */
export interface StoryReference {
  readonly id: string
}

/** Made of ids alone: nothing that a user typed reaches the object store's names. */
export function objectKey(tenantId: TenantId, id: MediaId): string {
  return `tenant/${tenantId}/media/${id}`
}
