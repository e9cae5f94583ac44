/** The tables of this service as kysely sees them. */
export interface MediaDatabase {
  readonly media_asset: MediaAssetTable
}

export interface MediaAssetTable {
  readonly tenant_id: string
  readonly id: string
  readonly legacy_id: string
  readonly story_id: string | null
  readonly linked_at: Date | null
  readonly author_id: string
  readonly file_name: string
  readonly content_type: string
  readonly size_bytes: number
  readonly sha256: string
  readonly caption: string | null
  readonly status: 'PENDING' | 'READY'
  readonly created_at: Date
  readonly uploaded_at: Date | null
}
