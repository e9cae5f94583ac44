import { AppError } from '@heirloom/errors'
import type { JsonObject } from '../ports/record-table.js'
import { maxIndexedTextBytes, type IndexDefinition } from './indexes.js'
import { valueAt } from './query-token.js'

/**
 * What an index of the collection could not take, or would make unfindable, is refused when it is
 * written rather than missed when it is sought.
 * @throws AppError INVALID_INPUT that names the field
 */
export function checkIndexed(
  indexes: readonly IndexDefinition[],
  shape: string,
  data: JsonObject,
): void {
  for (const index of indexes) {
    if (index.shape !== shape) continue
    for (const { field } of index.fields) {
      const value = valueAt(data, field)
      if (typeof value === 'object' && value !== null) {
        throw new AppError('INVALID_INPUT', `"${field}" is indexed: it holds no array or object`)
      }
      if (typeof value === 'string' && Buffer.byteLength(value) > maxIndexedTextBytes) {
        throw new AppError(
          'INVALID_INPUT',
          `"${field}" is indexed: its text has at most ${maxIndexedTextBytes} bytes`,
        )
      }
    }
  }
}
