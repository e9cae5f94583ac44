import { AppError } from '@heirloom/errors'

/**
 * How keys of one shape are spelled: parts between `#`, each a word or a name in braces, as in
 * `stream#{stream_id}`. In a native key names and words may share a part, `{level}:{surface_id}`.
 * A last part `{name...}` stands for everything that is left, `#` included.
 *
 * Values stay escaped on their way from one key to another (keys.ts), so they bring no `#` along.
 */
export interface KeyPattern {
  readonly text: string
  readonly names: readonly string[]
  /** What every key of this shape begins with: `stream#`. */
  readonly literalPrefix: string
  /** The escaped value of each name, or null for a key of another shape. */
  match(key: string): KeyValues | null
  /** @throws AppError INTERNAL for a name without a value: the layout does not fit the key */
  render(values: KeyValues): string
}

/** Escaped, by name. */
export type KeyValues = ReadonlyMap<string, string>

const separator = '#'
const restMark = '...'
const namePattern = /\{([a-z_]+)(?:\.\.\.)?\}/g
const wholePart = /^\{([a-z_]+)\}$/

export function keyPattern(text: string): KeyPattern {
  const parts = text.split(separator)
  const rest = parts.at(-1)?.endsWith(`${restMark}}`) === true
  const names = [...text.matchAll(namePattern)].map(([, name]) => name ?? '')
  const matched = rest ? parts.slice(0, -1) : parts
  const expected = matched.map((part) => ({ literal: part, name: wholePart.exec(part)?.[1] }))
  const restName = rest ? names.at(-1) : undefined
  const segments = segmentsOf(text)

  return {
    text,
    names,
    literalPrefix: text.split('{', 1)[0] ?? '',
    match: (key) => {
      const given = key.split(separator)
      if (restName === undefined ? given.length !== parts.length : given.length < parts.length) {
        return null
      }
      const values = new Map<string, string>()
      let index = 0
      for (const { literal, name } of expected) {
        const part = given[index] ?? ''
        if (name !== undefined) values.set(name, part)
        else if (part !== literal) return null
        index += 1
      }
      if (restName !== undefined) {
        values.set(restName, given.slice(expected.length).join(separator))
      }
      return values
    },
    render: (values) => {
      let key = ''
      for (const { literal, name } of segments) {
        key += name === undefined ? literal : valueOf(name, values)
      }
      return key
    },
  }
}

interface Segment {
  readonly literal: string
  /** In place of the literal. */
  readonly name: string | undefined
}

/** The text in turns of words and names. */
function segmentsOf(text: string): readonly Segment[] {
  // Splitting by a pattern with a group keeps what the group matched, at the odd places.
  return text
    .split(namePattern)
    .map((part, at) =>
      at % 2 === 0 ? { literal: part, name: undefined } : { literal: '', name: part },
    )
    .filter(({ literal, name }) => literal !== '' || name !== undefined)
}

function valueOf(name: string, values: KeyValues): string {
  const value = values.get(name)
  if (value !== undefined) return value
  throw new AppError('INTERNAL', `the key layout names "${name}", which the key does not have`)
}
