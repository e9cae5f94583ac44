import { AppError } from '@heirloom/errors'
import { decodeCursor } from '@heirloom/subgraph'
import type { SearchPosition } from '../domain/ports.js'

export function positionText({ score, storyId }: SearchPosition): string {
  return `${score}:${storyId}`
}

// Below this the database refuses a real instead of rounding it to zero.
const smallestReal = 1e-37

/** @throws AppError CURSOR_INVALID */
export function positionOf(cursor: string | null | undefined): SearchPosition | undefined {
  const text = decodeCursor(cursor)
  if (text === undefined) return undefined
  const match = /^(\d[\d.e+-]*):([\w-]{1,128})$/.exec(text)
  const score = Number(match?.[1])
  const storyId = match?.[2]
  // A score is a 4-byte real: what does not fit into one cannot have come from us.
  if (storyId === undefined || !Number.isFinite(Math.fround(score))) {
    throw new AppError('CURSOR_INVALID', 'this cursor is not one of a search; start without it')
  }
  return { score: score < smallestReal ? 0 : score, storyId }
}
