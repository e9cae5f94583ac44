const dayMs = 86_400_000

const frenchMonths = [
  'VEND',
  'BRUM',
  'FRIM',
  'NIVO',
  'PLUV',
  'VENT',
  'GERM',
  'FLOR',
  'PRAI',
  'MESS',
  'THER',
  'FRUC',
  'COMP',
]
/** The day of September on which each of the fourteen years of the Republic began. */
const frenchNewYear = [22, 22, 22, 23, 22, 22, 22, 23, 23, 23, 23, 24, 23, 23]

/** `[day] [month] year` of the French Republican calendar, in use from 1792 to 1805. */
export function frenchYear(date: string): number | null {
  const match = /^(?:(?:(\d{1,2}) )?([A-Z]{4}) )?(\d{1,2})$/.exec(date)
  if (match === null) return null
  const [, day, month, year] = match
  const newYear = frenchNewYear[Number(year) - 1]
  const monthIndex = month === undefined ? 0 : frenchMonths.indexOf(month)
  const dayOfMonth = day === undefined ? 1 : Number(day)
  if (newYear === undefined || monthIndex === -1 || dayOfMonth < 1 || dayOfMonth > 30) return null
  const begins = Date.UTC(1791 + Number(year), 8, newYear)
  return new Date(begins + (monthIndex * 30 + dayOfMonth - 1) * dayMs).getUTCFullYear()
}

const hebrewMonths = [
  'TSH',
  'CSH',
  'KSL',
  'TVT',
  'SHV',
  'ADR',
  'ADS',
  'NSN',
  'IYR',
  'SVN',
  'TMZ',
  'AAV',
  'ELL',
]

/** `[day] [month] year` of the Hebrew calendar in its arithmetic form. */
export function hebrewYear(date: string): number | null {
  const match = /^(?:(?:(\d{1,2}) )?([A-Z]{3}) )?(\d{4})$/.exec(date)
  if (match === null) return null
  const [, day, month, yearText] = match
  const year = Number(yearText)
  const monthIndex = month === undefined ? 0 : hebrewMonths.indexOf(month)
  const dayOfMonth = day === undefined ? 1 : Number(day)
  if (monthIndex === -1 || year < 3762 || dayOfMonth < 1 || dayOfMonth > 30) return null
  const days = hebrewMonthLengths(year).slice(0, monthIndex)
  const offset = days.reduce((sum, length) => sum + length, dayOfMonth - 1)
  return yearOfDay(hebrewNewYear(year) + offset)
}

function isHebrewLeapYear(year: number): boolean {
  return (7 * year + 1) % 19 < 7
}

/** Days from the epoch to the mean new moon of the year, moved by the first two postponements. */
function elapsedDays(year: number): number {
  const monthsBefore = Math.floor((235 * year - 234) / 19)
  const parts = 12_084 + 13_753 * monthsBefore
  const day = monthsBefore * 29 + Math.floor(parts / 25_920)
  return (3 * (day + 1)) % 7 < 3 ? day + 1 : day
}

/** After Dershowitz and Reingold, Calendrical Calculations: the other two postponements. */
function hebrewNewYear(year: number): number {
  const before = elapsedDays(year - 1)
  const here = elapsedDays(year)
  const after = elapsedDays(year + 1)
  if (after - here === 356) return here + 2
  return here - before === 382 ? here + 1 : here
}

function hebrewMonthLengths(year: number): number[] {
  const length = hebrewNewYear(year + 1) - hebrewNewYear(year)
  const longCheshvan = length % 10 === 5
  const shortKislev = length % 10 === 3
  const adar = isHebrewLeapYear(year) ? [30, 29] : [29, 0]
  return [
    30,
    longCheshvan ? 30 : 29,
    shortKislev ? 29 : 30,
    29,
    30,
    ...adar,
    30,
    29,
    30,
    29,
    30,
    29,
  ]
}

/** Counted from 1 January of the year 1, 1970 begins with day 719,163, the Hebrew era with -1,373,427. */
const hebrewEpochToUnixDays = -1_373_427 - 719_163

function yearOfDay(day: number): number {
  return new Date((day + hebrewEpochToUnixDays) * dayMs).getUTCFullYear()
}
