import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hebrewYear } from './calendars.js'
import { dateYear } from './dates.js'

describe('the year of a date', () => {
  it.each([
    ['1819', 1819],
    ['24 MAY 1819', 1819],
    ['  24  MAY  1819', 1819],
    ['may 1819', 1819],
    ['24 September 1819', 1819],
    ['980', 980],
    ['12 JAN 7', 7],
    ['ABT 1819', 1819],
    ['CAL 3 MAR 1819', 1819],
    ['EST 1819', 1819],
    ['BEF 24 MAY 1819', 1819],
    ['AFT 1819', 1819],
    ['BET 1810 AND 1812', 1810],
    ['BET ABT 1810 AND 1812', 1810],
    ['FROM 1850 TO 1860', 1850],
    ['FROM 1850', 1850],
    ['TO 1860', 1860],
    ['BET (spring) AND 1812', 1812],
    ['INT 25 DEC 1819 (Christmas of that year)', 1819],
    ['11 FEB 1731/32', 1732],
    ['1699/00', 1700],
    ['945/50', 945],
    ['44 B.C.', -44],
    ['15 MAR 44 BC', -44],
    ['ABT 100 BCE', -100],
    ['@#DGREGORIAN@ 31 DEC 1997', 1997],
    ['@#DJULIAN@ 25 MAR 1600', 1600],
    ['@#DFRENCH R@ 1 VEND 1', 1792],
    ['@#DFRENCH R@ 10 NIVO 2', 1793],
    ['@#DFRENCH R@ 12 NIVO 2', 1794],
    ['@#DFRENCH R@ 18 BRUM 8', 1799],
    ['@#DFRENCH R@ 12', 1803],
    ['@#DHEBREW@ 22 TVT 5760', 1999],
    ['@#DHEBREW@ 23 TVT 5760', 2000],
    ['@#DHEBREW@ TSH 5760', 1999],
    ['BET @#DJULIAN@ 1 JAN 1600 AND @#DJULIAN@ 1 JAN 1601', 1600],
    ['c. 1819', 1819],
    ['24.5.1819', 1819],
    ['Spring 1819', 1819],
  ])('is found in %j', (text, year) => {
    expect(dateYear(text)).toBe(year)
  })

  it.each([
    '',
    '10 JAN',
    'unknown',
    '(about 1819)',
    '1819 or 1820',
    '0',
    'JAN 0',
    '@#DROMAN@ 2 NON 753',
    '@#DUNKNOWN@ 1819',
    '@#DFRENCH R@ 1 VEND 15',
    '@#DFRENCH R@ 1 NOVE 3',
    '@#DHEBREW@ 1 TSH 12',
    '@#DHEBREW@ 1 MAY 5760',
  ])('is not guessed from %j', (text) => {
    expect(dateYear(text)).toBeNull()
  })

  it('is null or whole for any text, and never takes long', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (text) => {
        const year = dateYear(text)
        expect(year === null || Number.isInteger(year)).toBe(true)
      }),
    )
  })
})

describe('the Hebrew calendar', () => {
  const months = [
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
  const names = [
    'Tishri',
    'Heshvan',
    'Kislev',
    'Tevet',
    'Shevat',
    'Adar',
    'Adar II',
    'Nisan',
    'Iyar',
    'Sivan',
    'Tamuz',
    'Av',
    'Elul',
  ]
  const format = new Intl.DateTimeFormat('en-u-ca-hebrew', {
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    timeZone: 'UTC',
  })

  it('agrees with ICU over six hundred years', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1500-01-01'), max: new Date('2100-12-31'), noInvalidDate: true }),
        (date) => {
          const parts = Object.fromEntries(
            format.formatToParts(date).map(({ type, value }) => [type, value]),
          )
          const month =
            months[
              names.indexOf(
                String(parts['month']).replace('Adar I', 'Adar').replace('AdarI', 'Adar II'),
              )
            ]
          expect(hebrewYear(`${parts['day']} ${month} ${parts['year']}`)).toBe(
            date.getUTCFullYear(),
          )
        },
      ),
      { numRuns: 2_000 },
    )
  })
})
