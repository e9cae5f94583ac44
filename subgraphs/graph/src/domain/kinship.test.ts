import { describe, expect, it } from 'vitest'
import { kinship, type KinStep } from './kinship.js'
import type { Sex } from './person.js'

/**
 * u: to a parent, d: to a child, p: to a partner; h: a step down where the lines are half.
 * The last person has the given sex; those between are of unknown sex, unless they are marked
 * f or m after the letter.
 */
function stepsOf(path: string, sex: Sex): readonly KinStep[] {
  const steps = [...path.matchAll(/([udph])([fm]?)/g)].map(([, letter, mark]): KinStep => ({
    via: letter === 'u' ? 'parent' : letter === 'p' ? 'partner' : 'child',
    sex: mark === 'f' ? 'FEMALE' : mark === 'm' ? 'MALE' : 'UNKNOWN',
    half: letter === 'h',
  }))
  return steps.map((step, index) => (index === steps.length - 1 ? { ...step, sex } : step))
}

function name(path: string, sex: Sex): string {
  return kinship(stepsOf(path, sex)).name
}

const blood = [
  ['u', 'mother', 'father', 'parent'],
  ['uu', 'grandmother', 'grandfather', 'grandparent'],
  ['uuu', 'great-grandmother', 'great-grandfather', 'great-grandparent'],
  ['uuuu', 'great-great-grandmother', 'great-great-grandfather', 'great-great-grandparent'],
  ['uuuuuuu', '5th great-grandmother', '5th great-grandfather', '5th great-grandparent'],
  ['d', 'daughter', 'son', 'child'],
  ['dd', 'granddaughter', 'grandson', 'grandchild'],
  ['ddd', 'great-granddaughter', 'great-grandson', 'great-grandchild'],
  [
    'dddddd',
    'great-great-great-great-granddaughter',
    'great-great-great-great-grandson',
    'great-great-great-great-grandchild',
  ],
  ['d'.repeat(23), '21st great-granddaughter', '21st great-grandson', '21st great-grandchild'],
  ['ud', 'sister', 'brother', 'sibling'],
  ['uh', 'half-sister', 'half-brother', 'half-sibling'],
  ['uud', 'aunt', 'uncle', 'aunt or uncle'],
  ['uuh', 'half-aunt', 'half-uncle', 'half-aunt or half-uncle'],
  ['uuud', 'grandaunt', 'granduncle', 'grandaunt or granduncle'],
  ['uuuud', 'great-grandaunt', 'great-granduncle', 'great-grandaunt or great-granduncle'],
  ['uuuh', 'half-grandaunt', 'half-granduncle', 'half-grandaunt or half-granduncle'],
  ['udd', 'niece', 'nephew', 'niece or nephew'],
  ['uhd', 'half-niece', 'half-nephew', 'half-niece or half-nephew'],
  ['uddd', 'grandniece', 'grandnephew', 'grandniece or grandnephew'],
  ['udddd', 'great-grandniece', 'great-grandnephew', 'great-grandniece or great-grandnephew'],
] as const

const cousins = [
  ['uudd', 'first cousin'],
  ['uuhd', 'half first cousin'],
  ['uuudd', 'first cousin once removed'],
  ['uuddd', 'first cousin once removed'],
  ['uuuudd', 'first cousin twice removed'],
  ['uudddddd', 'first cousin 4 times removed'],
  ['uuuddd', 'second cousin'],
  ['uuuhdd', 'half second cousin'],
  ['uuuudddddd', 'third cousin twice removed'],
  ['u'.repeat(11) + 'd'.repeat(11), 'tenth cousin'],
  ['u'.repeat(12) + 'd'.repeat(13), '11th cousin once removed'],
  ['u'.repeat(13) + 'd'.repeat(16), '12th cousin 3 times removed'],
] as const

const byMarriage = [
  ['p', 'wife', 'husband', 'partner'],
  ['pu', 'mother-in-law', 'father-in-law', 'parent-in-law'],
  ['dp', 'daughter-in-law', 'son-in-law', 'child-in-law'],
  ['pud', 'sister-in-law', 'brother-in-law', 'sibling-in-law'],
  ['udp', 'sister-in-law', 'brother-in-law', 'sibling-in-law'],
  ['uhp', 'sister-in-law', 'brother-in-law', 'sibling-in-law'],
  ['up', 'stepmother', 'stepfather', 'stepparent'],
  ['pd', 'stepdaughter', 'stepson', 'stepchild'],
  ['upd', 'stepsister', 'stepbrother', 'stepsibling'],
] as const

const composed = [
  ['ddfp', 'MALE', 'husband of granddaughter'],
  ['uudfp', 'MALE', 'husband of aunt'],
  ['uuddmp', 'FEMALE', 'wife of first cousin'],
  ['pmuu', 'FEMALE', 'grandmother of husband'],
  ['pfuudd', 'FEMALE', 'first cousin of wife'],
  ['pmudfp', 'MALE', 'husband of sister of husband'],
  ['dfpmud', 'MALE', 'brother of husband of daughter'],
  ['uumpfdd', 'MALE', 'grandson of wife of grandfather'],
  ['uudddddd', 'MALE', 'first cousin 4 times removed'],
  ['pfpm', 'MALE', 'husband of wife'],
  ['dmuf', 'FEMALE', 'mother of son'],
  ['dfuu', 'UNKNOWN', 'grandparent of daughter'],
  ['pfuhdmpd', 'UNKNOWN', 'child of partner of half-nephew of wife'],
] as const

describe('the name of a relationship', () => {
  it('is "self" for nobody else', () => {
    expect(kinship([])).toEqual({ name: 'self', stretches: 0, named: true })
  })

  it.each([...blood, ...byMarriage])(
    'is, over %s, "%s", "%s" or "%s" by sex',
    (path, female, male, neutral) => {
      expect(name(path, 'FEMALE')).toBe(female)
      expect(name(path, 'MALE')).toBe(male)
      expect(name(path, 'UNKNOWN')).toBe(neutral)
      expect(name(path, 'OTHER')).toBe(neutral)
      expect(kinship(stepsOf(path, 'MALE')).named).toBe(true)
    },
  )

  it.each(cousins)('is, over %s, "%s" whatever the sex', (path, expected) => {
    for (const sex of ['FEMALE', 'MALE', 'OTHER', 'UNKNOWN'] as const) {
      expect(name(path, sex)).toBe(expected)
    }
  })

  it.each(composed)('is composed over %s (%s): "%s"', (path, sex, expected) => {
    expect(name(path, sex)).toBe(expected)
  })

  it('is symmetric for cousins of every degree and removal', () => {
    for (let up = 2; up < 16; up += 1) {
      for (let down = 2; down < 16; down += 1) {
        const there = 'u'.repeat(up) + 'd'.repeat(down)
        const back = 'u'.repeat(down) + 'd'.repeat(up)
        expect(name(there, 'MALE')).toBe(name(back, 'FEMALE'))
      }
    }
  })

  it('counts marriages and turns of a bloodline', () => {
    expect(kinship(stepsOf('uudd', 'MALE'))).toMatchObject({ stretches: 1, named: true })
    expect(kinship(stepsOf('uuddp', 'MALE'))).toMatchObject({ stretches: 2, named: false })
    expect(kinship(stepsOf('du', 'MALE'))).toMatchObject({ stretches: 2, named: false })
    expect(kinship(stepsOf('puudp', 'MALE'))).toMatchObject({ stretches: 3, named: false })
  })
})
