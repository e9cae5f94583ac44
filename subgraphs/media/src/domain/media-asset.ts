import type { ActorId, TenantId, Ulid } from '@heirloom/tenancy'

declare const brand: unique symbol
/** Ids of another subgraph's entities: they exist, and the caller may read them. */
export type LegacyId = string & { readonly [brand]: 'LegacyId' }
export type StoryId = string & { readonly [brand]: 'StoryId' }
export type MediaId = Ulid

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
