import { sql, type Selectable, type Transaction } from 'kysely'
import type { AuditWriter } from '@heirloom/audit'
import { AppError } from '@heirloom/errors'
import { writeOutbox, type CreateEvent } from '@heirloom/events'
import { idempotent, type TenantDatabase } from '@heirloom/postgres'
import type { ActorId, TenantContext } from '@heirloom/tenancy'
import type { LegacyId, MediaAsset, MediaId, StoryId } from '../domain/media-asset.js'
import type { MediaStore } from '../domain/ports.js'
import { mediaLinked, mediaUploaded } from './media-events.js'
import type { MediaAssetTable, MediaDatabase } from './schema.js'

/**
 * MediaStore on one table under row-level security. A change of state is one conditional UPDATE,
 * so that of two at once exactly one takes effect and announces itself; the loser waits for the
 * row and then reads what the winner wrote.
 */
export function createPostgresMediaStore(
  database: TenantDatabase<MediaDatabase>,
  context: TenantContext,
  createEvent: CreateEvent,
  audit: AuditWriter,
): MediaStore {
  const tenantId = database.tenantId
  const record = (trx: Transaction<MediaDatabase>, id: MediaId): Promise<void> =>
    audit.record(trx, context, { action: 'media:write', resource: { kind: 'MediaAsset', id } })

  return {
    find: (ids) => database.transaction((trx) => findIn(trx, tenantId, ids)),

    page: ({ legacyId, after, limit }) =>
      database.transaction(async (trx) => {
        let query = trx
          .selectFrom('media_asset')
          .selectAll()
          .where('tenant_id', '=', tenantId)
          .orderBy('id')
          .limit(limit)
        if (legacyId !== null) query = query.where('legacy_id', '=', legacyId)
        if (after !== undefined) query = query.where('id', '>', after)
        return (await query.execute()).map(assetOf)
      }),

    ofStories: (storyIds) =>
      database.transaction(async (trx) => {
        const rows = await trx
          .selectFrom('media_asset')
          .selectAll()
          .where('tenant_id', '=', tenantId)
          .where('story_id', 'in', storyIds)
          .where('status', '=', 'READY')
          .orderBy('linked_at')
          .orderBy('id')
          .execute()
        return rows.map(assetOf)
      }),

    reserve: (asset, { idempotencyKey, input }) =>
      database.transaction(async (trx) => {
        const request = {
          tenantId,
          actorId: context.actor.id,
          operation: 'requestUpload',
          key: idempotencyKey,
          input,
        }
        const id = await idempotent(trx, request, async () => {
          await trx.insertInto('media_asset').values(rowOf(tenantId, asset)).execute()
          await record(trx, asset.id)
          return asset.id
        })
        const [found] = await findIn(trx, tenantId, [id])
        if (found === undefined) throw new AppError('INTERNAL', 'a reserved asset is gone')
        return found
      }),

    markReady: (id) =>
      database.transaction(async (trx) => {
        const row = await trx
          .updateTable('media_asset')
          .set({ status: 'READY', uploaded_at: sql`clock_timestamp()` })
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .where('status', '=', 'PENDING')
          .returningAll()
          .executeTakeFirst()
        if (row === undefined) return (await findIn(trx, tenantId, [id]))[0] ?? null
        const asset = assetOf(row)
        await writeOutbox(trx, [createEvent(context, mediaUploaded(asset))])
        await record(trx, asset.id)
        return asset
      }),

    link: (id, storyId) =>
      database.transaction(async (trx) => {
        const row = await trx
          .updateTable('media_asset')
          .set({ story_id: storyId, linked_at: sql`clock_timestamp()` })
          .where('tenant_id', '=', tenantId)
          .where('id', '=', id)
          .where('story_id', 'is distinct from', storyId)
          .returningAll()
          .executeTakeFirst()
        if (row === undefined) return (await findIn(trx, tenantId, [id]))[0] ?? null
        const asset = assetOf(row)
        await writeOutbox(trx, [createEvent(context, mediaLinked(asset, storyId))])
        await record(trx, asset.id)
        return asset
      }),
  }
}

async function findIn(
  trx: Transaction<MediaDatabase>,
  tenantId: string,
  ids: readonly string[],
): Promise<readonly MediaAsset[]> {
  const rows = await trx
    .selectFrom('media_asset')
    .selectAll()
    .where('tenant_id', '=', tenantId)
    .where('id', 'in', ids)
    .execute()
  return rows.map(assetOf)
}

function assetOf(row: Selectable<MediaAssetTable>): MediaAsset {
  return {
    id: row.id as MediaId,
    legacyId: row.legacy_id as LegacyId,
    storyId: row.story_id as StoryId | null,
    authorId: row.author_id as ActorId,
    fileName: row.file_name,
    contentType: row.content_type,
    sizeBytes: row.size_bytes,
    sha256: row.sha256,
    caption: row.caption,
    status: row.status,
    createdAt: row.created_at,
  }
}

function rowOf(tenantId: string, asset: MediaAsset): MediaAssetTable {
  return {
    tenant_id: tenantId,
    id: asset.id,
    legacy_id: asset.legacyId,
    story_id: asset.storyId,
    linked_at: asset.storyId === null ? null : asset.createdAt,
    author_id: asset.authorId,
    file_name: asset.fileName,
    content_type: asset.contentType,
    size_bytes: asset.sizeBytes,
    sha256: asset.sha256,
    caption: asset.caption,
    status: asset.status,
    created_at: asset.createdAt,
    uploaded_at: null,
  }
}
