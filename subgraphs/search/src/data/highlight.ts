/**
 * Highlights without trusting the text: the database marks the matches with characters that have
 * no meaning to HTML (private use, taken out of the text before), the fragment is escaped as a
 * whole, and only then do the marks become elements.
 */
export const marks = { start: '\ue000', stop: '\ue001', between: '\ue002' } as const

/**
 * What the parser must not see, since it would take it for markup or for the name of a file, and
 * what stands for it meanwhile.
 */
export const hidden = { from: '<>/', to: '\ue003\ue004\ue005' } as const

/** No text may bring these along: they are taken out before anything is marked. */
export const reserved = Object.values(marks).join('') + hidden.to

/** The fragments with at least one match, as HTML. */
export function toHighlights(headlines: readonly string[]): readonly string[] {
  return headlines
    .flatMap((headline) => headline.split(marks.between))
    .filter((fragment) => fragment.includes(marks.start))
    .map((fragment) =>
      escapeHtml(shown(fragment.trim()))
        .replaceAll(marks.start, '<mark>')
        .replaceAll(marks.stop, '</mark>'),
    )
}

function shown(fragment: string): string {
  return fragment.replace(
    /[\ue003-\ue005]/g,
    (character) => hidden.from[hidden.to.indexOf(character)] ?? '',
  )
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}
