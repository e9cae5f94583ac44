import type { Action, Authorizer, Resource } from '@heirloom/authz'
import { AppError } from '@heirloom/errors'
import type { NewId, TenantContext } from '@heirloom/tenancy'
import { mediaId, objectKey, type MediaAsset, type MediaId } from './media-asset.js'
import type { MediaStore, ObjectStore, PresignedRequest, StoriesPeer } from './ports.js'
import { uploadFacts, type UploadFactsInput } from './upload-input.js'

/** What one request's use cases work with: everything is bound to its tenant and actor. */
export interface MediaScope {
  readonly tenant: TenantContext
  readonly authorizer: Authorizer
  readonly store: MediaStore
  readonly objects: ObjectStore
  readonly stories: StoriesPeer
  readonly newId: NewId
  readonly now: () => number
}

export interface RequestUpload extends UploadFactsInput {
  readonly legacyId: string
  readonly storyId?: string | null | undefined
  readonly idempotencyKey?: string | null | undefined
}

/**
 * Reserves an asset and presigns the request that carries its bytes. A repeat with the same key
 * gets the same asset and a newly signed request.
 */
export async function requestUpload(
  scope: MediaScope,
  input: RequestUpload,
): Promise<{ mediaAsset: MediaAsset; upload: PresignedRequest }> {
  const { tenant, authorizer, stories, store, objects } = scope
  const { tenantId } = tenant
  const { idempotencyKey, ...asked } = input
  authorizer.require(tenant, 'media:write', {
    kind: 'MediaAsset',
    tenantId,
    legacyId: input.legacyId,
    ...(typeof input.storyId === 'string' ? { storyId: input.storyId } : {}),
  })
  const facts = uploadFacts(input)
  const legacyId = await stories.requireLegacy(input.legacyId)
  const storyId =
    input.storyId === null || input.storyId === undefined
      ? null
      : await stories.requireStory(input.storyId, legacyId)

  const mediaAsset = await store.reserve(
    {
      id: scope.newId() as MediaId,
      legacyId,
      storyId,
      authorId: tenant.actor.id,
      ...facts,
      status: 'PENDING',
      createdAt: new Date(scope.now()),
    },
    { idempotencyKey, input: asked },
  )
  const key = objectKey(tenant.tenantId, mediaAsset.id)
  return { mediaAsset, upload: await objects.presignUpload({ key, ...mediaAsset }) }
}

/**
 * The asset becomes READY when the bytes that arrived are the ones that were announced. The
 * object store is asked outside any transaction; of two completions at once, one announces.
 * @throws AppError NOT_FOUND, FORBIDDEN
 * @throws AppError CONFLICT when nothing arrived, CHECKSUM_MISMATCH when something else did
 */
export async function completeUpload(scope: MediaScope, id: string): Promise<MediaAsset> {
  const { tenant, objects, store } = scope
  const asset = await writable(scope, id)
  if (asset.status === 'READY') return asset

  const arrived = await objects.inspect(objectKey(tenant.tenantId, asset.id), asset.sizeBytes)
  if (arrived === null) {
    throw new AppError('CONFLICT', 'the bytes have not arrived yet; upload them first')
  }
  if (arrived.sizeBytes !== asset.sizeBytes || arrived.sha256 !== asset.sha256) {
    throw new AppError(
      'CHECKSUM_MISMATCH',
      'what arrived is not what was announced; upload it again',
      {
        details: {
          expected: { size: asset.sizeBytes, sha256: asset.sha256 },
          arrived: { size: arrived.sizeBytes, sha256: arrived.sha256 },
        },
      },
    )
  }
  return (await store.markReady(asset.id)) ?? missing(id)
}

/** @throws AppError NOT_FOUND for either, FORBIDDEN, INVALID_INPUT for a story of another legacy */
export async function linkMediaToStory(
  scope: MediaScope,
  id: string,
  storyId: string,
): Promise<MediaAsset> {
  const asset = await writable(scope, id)
  const story = await scope.stories.requireStory(storyId, asset.legacyId)
  // What may be changed where it is need not be welcome where it goes.
  const there = resourceOf(scope, { ...asset, storyId: story })
  scope.authorizer.require(scope.tenant, 'media:write', there)
  return (await scope.store.link(asset.id, story)) ?? missing(id)
}

/** A presigned address, once there is something to download. */
export async function downloadUrl(scope: MediaScope, asset: MediaAsset): Promise<string | null> {
  if (asset.status !== 'READY') return null
  const key = objectKey(scope.tenant.tenantId, asset.id)
  return scope.objects.presignDownload({ key, ...asset })
}

/**
 * What of these the caller may read, in the same order. What goes with a story is read by those
 * who read the story: a draft keeps its pictures to itself.
 */
export async function readable(
  scope: MediaScope,
  assets: readonly MediaAsset[],
): Promise<readonly MediaAsset[]> {
  const allowedOnes = assets.filter((asset) => allowed(scope, 'media:read', asset))
  const storyIds = [...new Set(allowedOnes.flatMap(({ storyId }) => storyId ?? []))]
  if (storyIds.length === 0) return allowedOnes
  const stories = await scope.stories.readableStories(storyIds)
  return allowedOnes.filter(({ storyId }) => storyId === null || stories.has(storyId))
}

async function writable(scope: MediaScope, id: string): Promise<MediaAsset> {
  const known = mediaId(id)
  const found = known === null ? [] : await scope.store.find([known])
  const [asset] = await readable(scope, found)
  if (asset === undefined) return missing(id)
  scope.authorizer.require(scope.tenant, 'media:write', resourceOf(scope, asset))
  return asset
}

function allowed(scope: MediaScope, action: Action, asset: MediaAsset): boolean {
  return scope.authorizer.allows(scope.tenant, action, resourceOf(scope, asset))
}

function resourceOf({ tenant }: MediaScope, asset: MediaAsset): Resource {
  const { id, authorId, legacyId, storyId } = asset
  return {
    kind: 'MediaAsset',
    id,
    tenantId: tenant.tenantId,
    legacyId,
    ...(storyId === null ? {} : { storyId }),
    authorId,
  }
}

function missing(id: string): never {
  throw new AppError('NOT_FOUND', `there is no MediaAsset with the id "${id.slice(0, 64)}"`)
}
