import { AppError } from '@heirloom/errors'
import type { PersonId } from './ids.js'
import type { PeopleReader } from './people-reader.js'
import type { Direction, Kindred } from './ports.js'

export const maxGenerations = 25
export const maxKindred = 2_000

/** @throws AppError INVALID_INPUT unless 1 <= generations <= 25 */
export async function kindredOf(
  reader: PeopleReader,
  id: PersonId,
  direction: Direction,
  generations: number,
): Promise<Kindred> {
  if (generations < 1 || generations > maxGenerations) {
    throw new AppError('INVALID_INPUT', `"maxGenerations" must be between 1 and ${maxGenerations}`)
  }
  return reader.kindred(id, direction, { maxGenerations: generations, maxPeople: maxKindred })
}
