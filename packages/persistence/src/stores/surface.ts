import { AppError } from '@heirloom/errors'
import { identifier } from './input.js'

/** Stands where a surface would, for what holds on every surface. */
export const everySurface = 'global'

/** The part of a key for a surface, or for none. @throws AppError INVALID_INPUT */
export function surfacePart(surfaceId: string | null): string {
  if (surfaceId === null) return everySurface
  if (surfaceId === everySurface) {
    throw new AppError('INVALID_INPUT', `no surface is called "${everySurface}": leave it out`)
  }
  return identifier(surfaceId, 'the surface id')
}
