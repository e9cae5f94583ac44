/**
 * What was made from a media asset (posters, renditions, transcripts), described: the bytes are in
 * the object store, here is what they are. Over a RecordTable (keys: layouts/media-output.ts), a
 * partition per asset.
 */
import { AppError } from '@heirloom/errors'
import { mediaOutputLayout } from '../layouts/media-output.js'
import { recordKeys } from '../layouts/store-layout.js'
import type { JsonObject, RecordTable } from '../ports/record-table.js'
import { tryTransact, untilWritten, type StoreOptions } from './contention.js'
import { boundedText, identifier, invalid, wholeNumber } from './input.js'
import { dateField, numberField, optionalNumberField, textField } from './record-fields.js'
import { readPage, type Page, type PageRequest } from './record-page.js'

export interface NewMediaOutput {
  readonly assetId: string
  readonly id: string
  /** `poster`, `hls`, `transcript`, … */
  readonly kind: string
  /** RFC 6838, without parameters: `image/webp`. */
  readonly mime: string
  readonly sizeBytes: number
  /** 64 hexadecimal digits. */
  readonly sha256: string
  readonly objectKey: string
  readonly width?: number | null
  readonly height?: number | null
  readonly durationMs?: number | null
}

export interface MediaOutput extends NewMediaOutput {
  readonly width: number | null
  readonly height: number | null
  readonly durationMs: number | null
  readonly recordedAt: Date
}

export interface MediaOutputStore {
  /**
   * Records an output. Atomic. An output does not change: recorded again with the same checksum it
   * is returned as it was recorded, whatever else is said now.
   * @throws AppError CHECKSUM_MISMATCH when it was recorded with another checksum, INVALID_INPUT
   */
  record(output: NewMediaOutput): Promise<MediaOutput>
  get(assetId: string, outputId: string): Promise<MediaOutput | null>
  /** Of one asset, by id. @throws AppError CURSOR_INVALID, INVALID_INPUT */
  list(assetId: string, page: PageRequest): Promise<Page<MediaOutput>>
  /** The object is left alone. Safe to repeat. */
  delete(assetId: string, outputId: string): Promise<void>
}

export const mediaOutputKeys = recordKeys(mediaOutputLayout.records.output)
const keys = mediaOutputKeys

const mimePattern = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/
const sha256Pattern = /^[0-9a-f]{64}$/
const maxObjectKeyLength = 1_024
const maxSide = 1_000_000

export function createMediaOutputStore(
  table: RecordTable,
  scope: { readonly projectId: string },
  options: StoreOptions = {},
): MediaOutputStore {
  const now = options.now ?? Date.now
  const project_id = identifier(scope.projectId, 'the project id')

  function partition(assetId: string): string {
    return keys.pk({ project_id, asset_id: identifier(assetId, 'the asset id') })
  }

  function sortKey(outputId: string): string {
    return keys.sk({ output_id: identifier(outputId, 'the output id') })
  }

  async function get(assetId: string, outputId: string): Promise<MediaOutput | null> {
    const record = await table.get(partition(assetId), sortKey(outputId))
    return record === null ? null : readOutput(record.value)
  }

  return {
    record: async (given) => {
      const output = checkOutput(given, new Date(now()))
      const [pk, sk] = [partition(output.assetId), sortKey(output.id)]
      return untilWritten('this output', options.random, async () => {
        const value = writeOutput(output)
        if (await tryTransact(table, pk, [{ op: 'put', sk, value, expect: 'absent' }]))
          return output
        const known = await get(output.assetId, output.id)
        if (known === null || known.sha256 === output.sha256) return known
        throw new AppError(
          'CHECKSUM_MISMATCH',
          'this output was recorded with another checksum: outputs do not change',
        )
      })
    },
    get,
    list: async (assetId, page) =>
      readPage(table, partition(assetId), { prefix: keys.prefix({}) }, page, ({ value }) =>
        readOutput(value),
      ),
    delete: async (assetId, outputId) => {
      await table.delete(partition(assetId), sortKey(outputId))
    },
  }
}

function checkOutput(given: NewMediaOutput, recordedAt: Date): MediaOutput {
  if (!mimePattern.test(given.mime)) throw invalid('this is no mime type')
  if (!sha256Pattern.test(given.sha256)) throw invalid('sha256 has 64 hexadecimal digits')
  return {
    assetId: identifier(given.assetId, 'the asset id'),
    id: identifier(given.id, 'the output id'),
    kind: identifier(given.kind, 'the kind'),
    mime: given.mime,
    sizeBytes: wholeNumber(given.sizeBytes, 'the size', 0, Number.MAX_SAFE_INTEGER),
    sha256: given.sha256,
    objectKey: boundedText(given.objectKey, 'the object key', maxObjectKeyLength),
    width: optionalNumber(given.width, 'the width', maxSide),
    height: optionalNumber(given.height, 'the height', maxSide),
    durationMs: optionalNumber(given.durationMs, 'the duration', Number.MAX_SAFE_INTEGER),
    recordedAt,
  }
}

function optionalNumber(
  value: number | null | undefined,
  what: string,
  max: number,
): number | null {
  return value === null || value === undefined ? null : wholeNumber(value, what, 0, max)
}

function writeOutput(output: MediaOutput): JsonObject {
  return {
    asset_id: output.assetId,
    output_id: output.id,
    kind: output.kind,
    mime: output.mime,
    size_bytes: output.sizeBytes,
    sha256: output.sha256,
    object_key: output.objectKey,
    width: output.width,
    height: output.height,
    duration_ms: output.durationMs,
    recorded_at: output.recordedAt.toISOString(),
  }
}

function readOutput(value: JsonObject): MediaOutput {
  return {
    assetId: textField(value, 'asset_id'),
    id: textField(value, 'output_id'),
    kind: textField(value, 'kind'),
    mime: textField(value, 'mime'),
    sizeBytes: numberField(value, 'size_bytes'),
    sha256: textField(value, 'sha256'),
    objectKey: textField(value, 'object_key'),
    width: optionalNumberField(value, 'width'),
    height: optionalNumberField(value, 'height'),
    durationMs: optionalNumberField(value, 'duration_ms'),
    recordedAt: dateField(value, 'recorded_at'),
  }
}
