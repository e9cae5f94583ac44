import { describe, expect, it } from 'vitest'
import { closingLines, reasonMarker, type RunNode } from './closing-lines.js'

const test = (name: string, state: RunNode['state'], more: Partial<RunNode> = {}): RunNode => ({
  kind: 'test',
  name,
  state,
  mode: 'run',
  errors: 0,
  children: [],
  ...more,
})
const group = (
  kind: 'suite' | 'module',
  name: string,
  children: RunNode[],
  more: Partial<RunNode> = {},
): RunNode => ({
  kind,
  name,
  state: 'passed',
  mode: 'run',
  errors: 0,
  children,
  ...more,
})

describe('the closing lines of a test run', () => {
  it('ends in the totals alone when everything ran', () => {
    expect(closingLines([group('module', 'a.test.ts', [test('works', 'passed')])])).toEqual([
      '1 passed, 0 failed, 0 skipped',
    ])
  })

  it('names a suite that lacks its rig once, with the reason', () => {
    const skipped = { mode: 'skip' as const }
    const suite = group(
      'suite',
      `the log on Neo4j${reasonMarker}Neo4j: set NEO4J_URI`,
      [test('appends', 'skipped', skipped), test('reads', 'skipped', skipped)],
      skipped,
    )
    expect(closingLines([group('module', 'log.test.ts', [suite, test('x', 'passed')])])).toEqual([
      'not run: log.test.ts > the log on Neo4j — needs Neo4j: set NEO4J_URI',
      '1 passed, 0 failed, 2 skipped',
    ])
  })

  it('names a single skipped test with its own words', () => {
    const tests = [test('a', 'skipped', { note: 'no IPv6 here' }), test('b', 'passed')]
    expect(closingLines([group('module', 'net.test.ts', tests)])).toEqual([
      'not run: net.test.ts > a — no IPv6 here',
      '1 passed, 0 failed, 1 skipped',
    ])
  })

  it('counts a file that does not load and an unhandled error as failures', () => {
    const broken = group('module', 'broken.test.ts', [], { state: 'failed', errors: 1 })
    expect(closingLines([broken], { unhandledErrors: 1 })).toEqual([
      '0 passed, 2 failed, 0 skipped',
    ])
  })

  it('says once how many tests a name filter left out', () => {
    const tests = [test('a', 'skipped'), test('b', 'skipped'), test('c', 'passed')]
    expect(closingLines([group('module', 'x.test.ts', tests)], { filtered: true })).toEqual([
      'not run: 2 tests — left out by the name filter',
      '1 passed, 0 failed, 2 skipped',
    ])
  })
})
