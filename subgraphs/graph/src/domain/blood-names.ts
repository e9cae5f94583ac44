import type { Sex } from './person.js'

/** So many generations up to a common ancestor, then so many down to somebody of this sex. */
export interface Bloodline {
  readonly up: number
  readonly down: number
  readonly sex: Sex
  readonly half: boolean
}

/** Female, male and neutral form. */
export type Forms = readonly [female: string, male: string, neutral: string]

const mother: Forms = ['mother', 'father', 'parent']
const daughter: Forms = ['daughter', 'son', 'child']
const sister: Forms = ['sister', 'brother', 'sibling']
const aunt: Forms = ['aunt', 'uncle', 'aunt or uncle']
const niece: Forms = ['niece', 'nephew', 'niece or nephew']
const wife: Forms = ['wife', 'husband', 'partner']

export function gendered(sex: Sex, [female, male, neutral]: Forms): string {
  if (sex === 'FEMALE') return female
  return sex === 'MALE' ? male : neutral
}

export function partnerName(sex: Sex): string {
  return gendered(sex, wife)
}

export function ancestorName(generations: number, sex: Sex): string {
  return grand(generations - 1, '', gendered(sex, mother))
}

export function descendantName(generations: number, sex: Sex): string {
  return grand(generations - 1, '', gendered(sex, daughter))
}

/** Siblings, aunts, uncles, nieces, nephews and cousins: up and down are both at least 1. */
export function collateralName({ up, down, sex, half }: Bloodline): string {
  const prefix = half ? 'half-' : ''
  if (up === 1 && down === 1) return prefix + gendered(sex, sister)
  if (down === 1) return eitherOf(gendered(sex, aunt), (word) => grand(up - 2, prefix, word))
  if (up === 1) return eitherOf(gendered(sex, niece), (word) => grand(down - 2, prefix, word))
  const degree = ordinal(Math.min(up, down) - 1)
  return `${half ? 'half ' : ''}${degree} cousin${removed(Math.abs(up - down))}`
}

// From here on the greats are counted: nobody reads nine of them.
const maxSpelledGreats = 4

/** 0: mother, 1: grandmother, 2: great-grandmother, …, 6: 5th great-grandmother. */
function grand(degree: number, prefix: string, word: string): string {
  if (degree === 0) return prefix + word
  const greats = degree - 1
  const counted =
    greats > maxSpelledGreats ? `${ordinalNumber(greats)} great-` : 'great-'.repeat(greats)
  return `${prefix}${counted}grand${word}`
}

/** Applies a prefix to both words of a neutral form: "grandaunt or granduncle". */
function eitherOf(words: string, name: (word: string) => string): string {
  return words.split(' or ').map(name).join(' or ')
}

const spelledOrdinals = [
  'first',
  'second',
  'third',
  'fourth',
  'fifth',
  'sixth',
  'seventh',
  'eighth',
  'ninth',
  'tenth',
]

function ordinal(n: number): string {
  return spelledOrdinals[n - 1] ?? ordinalNumber(n)
}

const englishOrdinals = new Intl.PluralRules('en', { type: 'ordinal' })
const ordinalEndings: Readonly<Partial<Record<Intl.LDMLPluralRule, string>>> = {
  one: 'st',
  two: 'nd',
  few: 'rd',
}

function ordinalNumber(n: number): string {
  return `${n}${ordinalEndings[englishOrdinals.select(n)] ?? 'th'}`
}

function removed(times: number): string {
  if (times === 0) return ''
  return ` ${['once', 'twice'][times - 1] ?? `${times} times`} removed`
}
