import { expect, it } from 'vitest'
import { yearOf } from './genealogical-date.js'

it.each([
  ['19 OCT 1847', 1847],
  ['ABT 1819', 1819],
  ['BET 1810 AND 1812', 1810],
  ['FROM 1066 TO 1087', 1066],
  ['1698/99', 1699],
  ['11 FEB 1799/00', 1800],
  ['12 FEB 742', 742],
  ['12/11/1850', 1850],
  ['1850-11-12', 1850],
  ['44 BC', -44],
  ['15 MAR 44 B.C.', -44],
  ['ABT 100 B.C.E.', -100],
  ['63 bce', -63],
  ['AD 79', 79],
  ['@#DJULIAN@ 25 DEC 800', 800],
  ['(about the time of the flood)', null],
  ['12 MAY', null],
  ['', null],
])('%s tells the year %s', (date, year) => {
  expect(yearOf(date)).toBe(year)
})

it('tells no year without a date', () => {
  expect(yearOf(null)).toBeNull()
})
