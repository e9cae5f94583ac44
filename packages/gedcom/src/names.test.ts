import { expect, it } from 'vitest'
import { parseName } from './names.js'

it.each([
  ['Victoria  /Hanover/', 'Victoria Hanover', 'Victoria', 'Hanover', null],
  ['Albert Augustus Charles//', 'Albert Augustus Charles', 'Albert Augustus Charles', null, null],
  ['Victoria', 'Victoria', 'Victoria', null, null],
  ['/Brontë/', 'Brontë', null, 'Brontë', null],
  ['John /Smith/ Jr.', 'John Smith Jr.', 'John', 'Smith', 'Jr.'],
  ['/Smith/ III', 'Smith III', null, 'Smith', 'III'],
  ['/Nagy/ István', 'Nagy István', 'István', 'Nagy', null],
  ['Ludwig /van Beethoven/', 'Ludwig van Beethoven', 'Ludwig', 'van Beethoven', null],
  ['Anne /Brontë', 'Anne Brontë', 'Anne', 'Brontë', null],
  ['A /B/ C /D/', 'A B C D', 'A', 'B', 'C D'],
])('reads the name %j', (value, display, givenName, surname, suffix) => {
  expect(parseName(value)).toEqual({ display, givenName, surname, suffix })
})

it.each(['', '  ', '//', ' / / '])('finds nobody in %j', (value) => {
  expect(parseName(value)).toBeNull()
})
