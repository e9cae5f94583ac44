/** A name as GEDCOM writes it, `Given /Surname/ suffix`, and as a person would write it. */
export interface PersonName {
  readonly display: string
  readonly givenName: string | null
  readonly surname: string | null
  readonly suffix: string | null
}

/** What distinguishes `/Smith/ Jr.` from `/Nagy/ István`, where the given name comes last. */
const suffixes = /^(?:(?:jr|sr|esq|phd|md|junior|senior|[ivx]+|\d+(?:st|nd|rd|th))\.?,?\s*)+$/i

/**
 * Returns null when the value names nobody, as `//` does. An underscore reads as a space: old
 * programs wrote it to keep the parts of a name together, as in `Elizabeth_II` or `of_York`.
 */
export function parseName(value: string): PersonName | null {
  const text = tidy(value.replaceAll('_', ' '))
  const [before = '', inside = '', ...rest] = text.split('/').map(tidy)
  const after = tidy(rest.join(' '))
  const display = tidy([before, inside, after].join(' '))
  if (display === '') return null
  const surnameFirst = before === '' && inside !== '' && after !== '' && !suffixes.test(after)
  return {
    display,
    givenName: orNull(surnameFirst ? after : before),
    surname: orNull(inside),
    suffix: orNull(surnameFirst ? '' : after),
  }
}

export function tidy(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

export function orNull(text: string): string | null {
  return text === '' ? null : text
}
