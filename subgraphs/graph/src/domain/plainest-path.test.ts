import { expect, it } from 'vitest'
import type { PersonId } from './ids.js'
import { plainestPath } from './plainest-path.js'
import type { Hop, Via } from './ports.js'

const vias: Readonly<Record<string, Via>> = { '^': 'parent', v: 'child', '+': 'partner' }

/** Hops as `a^b`: b is a parent of a; `v` a child, `+` a partner. */
function hops(...texts: readonly string[]): readonly Hop[] {
  return texts.map((text) => ({
    fromId: text.charAt(0) as PersonId,
    via: vias[text.charAt(1)] ?? 'partner',
    toId: text.charAt(2) as PersonId,
  }))
}

function shown(path: readonly Hop[]): string {
  return path.map(({ fromId, via, toId }) => `${fromId} ${via} ${toId}`).join(', ')
}

it('is empty where no path was found', () => {
  expect(plainestPath([])).toEqual([])
})

it('has the fewest marriages and turns among paths of one length', () => {
  const levels = [hops('a+b', 'a^c'), hops('b^d', 'c^d', 'c+e'), hops('d+z', 'dvz', 'evz')]
  expect(shown(plainestPath(levels))).toBe('a parent c, c parent d, d child z')
})

it('keeps a way that is plainer only at its end', () => {
  // Two ways reach c with one stretch each; only the one that comes down from b can go on down.
  const levels = [hops('avb', 'a^d'), hops('bvc', 'd^c'), hops('cvz')]
  expect(shown(plainestPath(levels))).toBe('a child b, b child c, c child z')
})

it('is the same whatever the order of the hops', () => {
  const levels = [hops('a^b', 'a^c'), hops('bvz', 'cvz')]
  const backwards = levels.map((level) => level.toReversed())
  expect(plainestPath(levels)).toEqual(plainestPath(backwards))
})
