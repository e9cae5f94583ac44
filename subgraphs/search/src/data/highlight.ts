/**
 * Highlights without trusting the text: the database marks the matches with control characters,
 * which are taken out of the text before; the fragment is escaped as a whole, and only then do
 * the marks become elements. (Not private-use characters: where the database's character type is
 * C, its parser takes everything beyond ASCII for letters.)
 */
export const marks = { start: '\u0001', stop: '\u0002', between: '\u0003' } as const

/**
 * What the parser must not see, since it would take it for markup or for the name of a file, and
 * what stands for it meanwhile.
 */
export const hidden = { from: '<>/', to: '\u0004\u0005\u0006' } as const

/** No text may bring these along: they are taken out before anything is marked. */
export const reserved = Object.values(marks).join('') + hidden.to

/** The fragments with at least one match, as HTML. */
export function toHighlights(headlines: readonly string[]): readonly string[] {
  return headlines
    .flatMap((headline) => headline.split(marks.between))
    .filter((fragment) => fragment.includes(marks.start))
    .map((fragment) => Array.from(fragment.trim(), toHtml).join(''))
}

function toHtml(character: string): string {
  if (character === marks.start) return '<mark>'
  if (character === marks.stop) return '</mark>'
  const shown = hidden.from[hidden.to.indexOf(character)] ?? character
  return entities[shown] ?? shown
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
