import { expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import { listed, type Difference } from './migration.js'

const { tenantId: tenant } = testTenant()
const difference = (sk: string, isRepaired: boolean): Difference => {
  return { tenant, pk: 'p', sk, kind: isRepaired ? 'stale' : 'refused', isRepaired, reason: null }
}

it('lists what stands in the way before anything that was put right, however much that is', () => {
  const refused = [difference('large', false), difference('deep', false)]
  const repaired = Array.from({ length: 500 }, (_, n) => difference(`k${n}`, true))
  const list = listed([...refused, ...repaired])
  expect(list).toHaveLength(100)
  expect(list.filter(({ isRepaired }) => !isRepaired).map(({ sk }) => sk)).toEqual([
    'large',
    'deep',
  ])
  expect(list.some(({ sk }) => sk === 'k499')).toBe(true)
  expect(list.some(({ sk }) => sk === 'k0')).toBe(false)
})

it('lists each record once for each outcome', () => {
  expect(listed([difference('a', false), difference('a', false)])).toHaveLength(1)
})
