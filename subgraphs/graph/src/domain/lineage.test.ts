import { describe, expect, it } from 'vitest'
import { findCircle, type ParentEdge } from './lineage.js'
import type { PersonId } from './ids.js'

function edges(...ties: readonly string[]): readonly ParentEdge[] {
  return ties.map((tie) => ({ parentId: tie[0] as PersonId, childId: tie[1] as PersonId }))
}

describe('a circle of parents', () => {
  it('is not there in a family, even where cousins married', () => {
    expect(findCircle([])).toBeNull()
    expect(findCircle(edges('ab', 'ac', 'bd', 'ce', 'df', 'ef', 'af'))).toBeNull()
  })

  it('is found with the people on it and nobody else', () => {
    const circle = findCircle(edges('xa', 'ab', 'bc', 'ca', 'cd'))
    expect(circle?.toSorted()).toEqual(['a', 'b', 'c'])
  })

  it('is found between two people', () => {
    expect(findCircle(edges('ab', 'ba'))?.toSorted()).toEqual(['a', 'b'])
  })

  it('does not exhaust the stack in a line of a twenty thousand', () => {
    const line = Array.from({ length: 20_000 }, (_, index) => ({
      parentId: `${index}` as PersonId,
      childId: `${index + 1}` as PersonId,
    }))
    expect(findCircle(line)).toBeNull()
    expect(
      findCircle([...line, { parentId: '20000' as PersonId, childId: '0' as PersonId }]),
    ).toHaveLength(20_001)
  })
})
