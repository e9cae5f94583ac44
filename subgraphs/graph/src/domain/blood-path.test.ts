import { assert, property } from 'fast-check'
import { describe, expect, it } from 'vitest'
import { familyModel } from '../testing/family-model.js'
import { familyPlans } from '../testing/random-family.js'
import { knownHalfSiblings, nearestBloodPath } from './blood-path.js'
import type { PersonId } from './ids.js'
import type { ParentEdge } from './lineage.js'

function edges(...ties: readonly string[]): readonly ParentEdge[] {
  return ties.flatMap((tie) => {
    const [parents = '', child = ''] = tie.split('>')
    return parents.split('').map((parent) => ({
      parentId: parent as PersonId,
      childId: child as PersonId,
    }))
  })
}

function walk(from: string, to: string, ...ties: readonly string[]): string | null {
  const path = nearestBloodPath(from as PersonId, to as PersonId, edges(...ties))
  return path === null
    ? null
    : from + path.map(({ via, toId }) => (via === 'parent' ? '^' : 'v') + toId).join('')
}

describe('the nearest way by blood', () => {
  it('leads straight up to an ancestor and straight down to a descendant', () => {
    expect(walk('c', 'a', 'a>b', 'b>c')).toBe('c^b^a')
    expect(walk('a', 'c', 'a>b', 'b>c')).toBe('avbvc')
  })

  it('leads over the nearest common ancestor, not over that one’s parents', () => {
    expect(walk('x', 'y', 'g>p', 'p>x', 'p>y')).toBe('x^pvy')
  })

  it('takes the shorter of two lines where ancestors married their kin', () => {
    expect(walk('x', 'a', 'a>b', 'b>c', 'c>x', 'b>x')).toBe('x^b^a')
  })

  it('prefers a couple of ancestors to a single one that is as near', () => {
    // x and y are half first cousins over a, and full first cousins over the couple b and c.
    const ties = ['am>p', 'an>q', 'bc>r', 'bc>s', 'pr>x', 'qs>y'] as const
    expect(walk('x', 'y', ...ties)).toBe('x^r^bvsvy')
  })

  it('prefers the way whose longer side is shorter', () => {
    // y is x's first cousin over a, and as far away as a grandnephew over b.
    const ties = ['a>p', 'a>q', 'p>x', 'q>y', 'b>x', 'b>k', 'k>l', 'l>y'] as const
    expect(walk('x', 'y', ...ties)).toBe('x^p^avqvy')
  })

  it('is not there for people without a common ancestor', () => {
    expect(walk('x', 'y', 'a>x', 'b>y')).toBeNull()
    expect(walk('x', 'y')).toBeNull()
  })
})

it('is as long as the nearest common ancestor of a random family is far', () => {
  assert(
    property(familyPlans, ({ size, parents }) => {
      const id = (index: number): PersonId => String(index).padStart(2, '0') as PersonId
      const ties = parents.map(([from, to]) => ({
        kind: 'PARENT' as const,
        fromId: id(from),
        toId: id(to),
      }))
      const model = familyModel(ties)
      const [from, to] = [id(size - 2), id(size - 1)]
      const above = new Map([...model.ancestors(from), [from, 0] as const])
      const aboveOther = new Map([...model.ancestors(to), [to, 0] as const])
      const lengths = [...above].map(([apex, up]) => up + (aboveOther.get(apex) ?? Infinity))
      const unique = new Map(ties.map((tie) => [`${tie.fromId} ${tie.toId}`, tie]))
      const lines = [...unique.values()].map((tie) => ({ parentId: tie.fromId, childId: tie.toId }))
      const path = nearestBloodPath(from, to, lines)
      expect(path?.length ?? Infinity).toBe(Math.min(...lengths))
      expect(path?.map(({ via }) => via).join(' ') ?? '').toMatch(/^(parent ?)*(child ?)*$/)
    }),
  )
})

describe('half siblings', () => {
  const ids = (letters: string): readonly PersonId[] => letters.split('') as unknown as PersonId[]

  it('are known as such when each has two parents and they share one', () => {
    expect(knownHalfSiblings(ids('ab'), ids('ac'))).toBe(true)
    expect(knownHalfSiblings(ids('ab'), ids('ab'))).toBe(false)
  })

  it('are not assumed where the record misses a parent', () => {
    expect(knownHalfSiblings(ids('a'), ids('ab'))).toBe(false)
    expect(knownHalfSiblings(ids('a'), ids('a'))).toBe(false)
  })
})
