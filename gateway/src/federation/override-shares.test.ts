import { buildSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createOverrides } from './override-shares.js'

function labelled(...labels: readonly string[]) {
  const fields = labels.map((label, at) => `f${at}: Int @join__field(overrideLabel: "${label}")`)
  return createOverrides(
    buildSchema(`directive @join__field(overrideLabel: String) on FIELD_DEFINITION
      type Query { ${fields.join(' ')} }`),
  )
}

const operations = Array.from({ length: 2_000 }, (_, at) => `{ f${at} }`)

function held(percent: number): readonly string[] {
  const overrides = labelled(`percent(${percent})`)
  return operations.filter((operation) => overrides(operation).get(`percent(${percent})`) === true)
}

describe('a progressive override', () => {
  it('holds for its share of operations', () => {
    expect(held(0)).toEqual([])
    expect(held(100)).toEqual(operations)
    expect(held(12.5).length / operations.length).toBeCloseTo(0.125, 1)
  })

  it('keeps what has moved when the share grows', () => {
    const many = new Set(held(50))
    expect(held(10).every((operation) => many.has(operation))).toBe(true)
  })

  it('never holds by a label that nobody decides', () => {
    expect(labelled('new-checkout')('{ f0 }').get('new-checkout')).toBe(false)
  })
})
