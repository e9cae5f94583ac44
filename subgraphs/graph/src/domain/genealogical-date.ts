// "1698/99": the year began in March; by the calendar of today it is the second one.
const dualYear = /(?<!\d)(\d{1,2}\d{2})\/(\d{2})(?!\d)/
// Years of three or four digits are found by themselves ("19 OCT 1847", "ABT 980"); shorter ones
// only right before an epoch ("44 BC") or where the whole date is a year, since they look like days.
const epoch = String.raw`(?:B\.?\s?C\.?(?:\s?E\.?)?)`
const beforeEpoch = new RegExp(String.raw`(?<![\d/])(\d{1,4})\s*${epoch}(?![A-Z])`, 'i')
const longYear = /(?<!\d)(\d{3,4})(?!\d)/
const yearAlone = /^\D*(\d{1,2})$/

/**
 * The first year that a date of GEDCOM 5.5.1 (chapter 2, DATE_VALUE) or of free text tells;
 * negative before the common era. A dual year, "1698/99", is the second one, 1699; no year is null.
 */
export function yearOf(date: string | null): number | null {
  if (date === null) return null
  const before = beforeEpoch.exec(date)?.[1]
  if (before !== undefined) return -Number(before)
  const dual = dualYear.exec(date)
  if (dual !== null && (Number(dual[1]) + 1) % 100 === Number(dual[2])) return Number(dual[1]) + 1
  const year = longYear.exec(date)?.[1] ?? yearAlone.exec(date)?.[1]
  return year === undefined ? null : Number(year)
}
