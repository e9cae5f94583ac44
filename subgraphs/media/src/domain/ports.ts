import type { LegacyId, MediaAsset, MediaId, StoryId } from './media-asset.js'

export interface MediaPage {
  readonly legacyId: LegacyId | null
  /** Exclusive. */
  readonly after: MediaId | undefined
  readonly limit: number
}

export interface ReserveRequest {
  readonly idempotencyKey: string | null | undefined
  /** What was asked for, to tell a repeat from another request with the same key. */
  readonly input: unknown
}

/**
 * The media of one tenant; the store is bound to it and to the actor when it is obtained. Each
 * change and the event that announces it commit together. Every method may throw
 * BACKEND_UNAVAILABLE, TIMEOUT and CONFLICT (somebody changed the same row; try again).
 */
export interface MediaStore {
  /** In any order; what is not there is left out. */
  find(ids: readonly MediaId[]): Promise<readonly MediaAsset[]>
  /** In ULID order. */
  page(page: MediaPage): Promise<readonly MediaAsset[]>
  /** READY media of these stories, in the order in which it was linked. */
  ofStories(storyIds: readonly StoryId[]): Promise<readonly MediaAsset[]>
  /**
   * Adds a PENDING asset. Idempotent by key: a repeat returns the asset of the first request as
   * it is now. Announces nothing.
   * @throws AppError IDEMPOTENCY_KEY_REUSED
   */
  reserve(asset: MediaAsset, request: ReserveRequest): Promise<MediaAsset>
  /**
   * PENDING becomes READY and MediaUploaded is announced; what is READY already stays as it is,
   * and nothing is announced. Null when there is no such asset.
   */
  markReady(id: MediaId): Promise<MediaAsset | null>
  /**
   * Links the asset to a story, instead of the one before, and announces MediaLinked. Linking to
   * the same story again changes nothing. Null when there is no such asset.
   */
  link(id: MediaId, storyId: StoryId): Promise<MediaAsset | null>
}

export interface PresignedRequest {
  readonly url: string
  readonly method: string
  readonly headers: readonly { readonly name: string; readonly value: string }[]
  readonly expiresAt: Date
}

export interface StoredObject {
  readonly sizeBytes: number
  /** Lower-case hexadecimal; null when the object is larger than was asked for. */
  readonly sha256: string | null
}

/** Where the bytes lie. Methods may throw BACKEND_UNAVAILABLE, and TIMEOUT while reading. */
export interface ObjectStore {
  /**
   * One request that may carry exactly these bytes: content type, length and SHA-256 are signed.
   * It can be sent again until it expires. No guarantee that a store without checksums (an
   * emulator) refuses other bytes: `inspect` what arrived.
   */
  presignUpload(object: {
    readonly key: string
    readonly contentType: string
    readonly sizeBytes: number
    readonly sha256: string
  }): Promise<PresignedRequest>
  /** An address that hands out the bytes for 15 minutes to whoever has it. */
  presignDownload(object: {
    readonly key: string
    readonly fileName: string
    readonly contentType: string
  }): Promise<string>
  /** Null when nothing is there. At most `maxBytes` are read to find the digest. */
  inspect(key: string, maxBytes: number): Promise<StoredObject | null>
}

/** The stories subgraph, asked on the caller's behalf. */
export interface StoriesPeer {
  /** @throws AppError NOT_FOUND unless the caller may read the legacy; SUBGRAPH_UNAVAILABLE */
  requireLegacy(id: string): Promise<LegacyId>
  /**
   * @throws AppError NOT_FOUND unless the caller may read the story, INVALID_INPUT when it belongs
   *   to another legacy; SUBGRAPH_UNAVAILABLE
   */
  requireStory(id: string, legacyId: LegacyId): Promise<StoryId>
  /** Those of the stories that the caller may read. @throws AppError SUBGRAPH_UNAVAILABLE */
  readableStories(ids: readonly StoryId[]): Promise<ReadonlySet<string>>
}
