import { frenchYear, hebrewYear } from './calendars.js'

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const qualifiers =
  /^(?:ABT|ABOUT|CAL|EST|BEF|BEFORE|AFT|AFTER|CIRCA|CA|C|INT|FROM|TO|BET|BETWEEN)\b\.?/
const escape = /@#D?([A-Z ]+?)@/
const beforeCommonEra = /\s*\bB\.?\s?C\.?(?:\s?E\.?)?$/

/**
 * The year to sort a date by, or null when the text does not tell one. Years before the common
 * era are negative, and there is no year 0.
 *
 * - A period or range counts by its first date, BEF and AFT by the date they name.
 * - A dual year (`11 FEB 1731/32`, from when the English year began in March) counts by the
 *   later, modern one; other alternatives (`945/50`) by the first.
 * - The Julian calendar keeps its own year, as historians quote it; French Republican and Hebrew
 *   dates are converted (a year alone counts by the Gregorian year in which it begins).
 * - A phrase in parentheses is never guessed at, except behind INT, which comes with a date.
 */
export function dateYear(text: string): number | null {
  const value = text.toUpperCase().replace(/\s+/g, ' ').trim()
  const between = /^(?:BET|BETWEEN|FROM)\b\.? (.+?) (?:AND|TO)\b (.+)$/.exec(value)
  if (between !== null) {
    return dateYear(between[1] ?? '') ?? dateYear(between[2] ?? '')
  }
  const plain = value
    .replace(qualifiers, '')
    .replace(/\(.*\)?$/, '')
    .trim()
  const calendar = escape.exec(plain)?.[1] ?? 'GREGORIAN'
  const date = plain.replace(escape, '').trim()
  switch (calendar) {
    case 'GREGORIAN':
    case 'JULIAN':
      return westernYear(date) ?? (calendar === 'GREGORIAN' ? looseYear(date) : null)
    case 'FRENCH R':
      return frenchYear(date)
    case 'HEBREW':
      return hebrewYear(date)
    default:
      return null
  }
}

const western = new RegExp(
  String.raw`^(?:(?:\d{1,2} )?(?:${months.join('|')})[A-Z]*\.? )?(\d{1,4})(?:/(\d{1,4}))?$`,
)

function westernYear(date: string): number | null {
  const isBefore = beforeCommonEra.test(date)
  const match = western.exec(date.replace(beforeCommonEra, ''))
  const year = Number(match?.[1])
  if (match === null || year === 0) return null
  if (isBefore) return -year
  const alternative = match[2]
  if (alternative === undefined) return year
  const next = String(year + 1)
  return alternative === next.slice(-alternative.length) ? year + 1 : year
}

/** Dates that programs let people type: taken only when exactly one number can be the year. */
function looseYear(date: string): number | null {
  if (beforeCommonEra.test(date)) return null
  const candidates = date.match(/(?<!\d)[12]\d{3}(?!\d)/g) ?? []
  return candidates.length === 1 ? Number(candidates[0]) : null
}
