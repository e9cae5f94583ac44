import { misuse } from './heirloom-error.js'

const textAndComments = /"""(?:\\"""|[^])*?"""|"(?:\\.|[^"\\\n])*"|#[^\n\r]*/g

/**
 * A document can be resumed when it takes `$after`, hands it to the field, and selects `cursor`.
 * @throws HeirloomError MISUSE that names what to add
 */
export function requireResumable(document: string): void {
  const bare = document.replace(textAndComments, ' ')
  if (!/\$after\s*:/.test(bare)) {
    throw misuse('the subscription cannot be resumed: declare the variable $after: String')
  }
  if (!/\bafter\s*:\s*\$after\b/.test(bare)) {
    throw misuse('the subscription cannot be resumed: pass after: $after to its field')
  }
  if (!/\bcursor\b/.test(bare)) {
    throw misuse('the subscription cannot be resumed: select cursor on its field')
  }
}

/** The one root field of a subscription's data. */
export function eventOf(data: unknown): { event: unknown; cursor: string } {
  const event: unknown =
    typeof data === 'object' && data !== null ? Object.values(data)[0] : undefined
  const cursor =
    typeof event === 'object' && event !== null && 'cursor' in event ? event.cursor : undefined
  if (typeof cursor === 'string' && cursor !== '') return { event, cursor }
  throw misuse('an event came without its cursor: select cursor, unaliased, on the root field')
}
