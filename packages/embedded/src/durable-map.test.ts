import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDurableMap, type DurableMap } from './durable-map.js'

let folder: string
let path: string
const open: DurableMap<number>[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'heirloom-map-'))
  path = join(folder, 'map.jsonl')
})

afterEach(() => {
  for (const map of open.splice(0)) map.close()
  rmSync(folder, { recursive: true })
})

// Nothing is closed before the file is opened again, as after a kill.
function reopened(): DurableMap<number> {
  const map = openDurableMap<number>(path)
  open.push(map)
  return map
}

describe('a durable map', () => {
  it('keeps what was set and not deleted, in its order, without having been closed', () => {
    const map = reopened()
    for (const [key, value] of [
      ['b', 1],
      ['a', 2],
      ['c', 3],
      ['b', 4],
    ] as const)
      map.set(key, value)
    map.delete('a')
    expect(reopened().entries()).toEqual([
      ['b', 4],
      ['c', 3],
    ])
  })

  it('survives a line that was cut off in the middle', () => {
    const map = reopened()
    map.set('whole', 1)
    appendFileSync(path, '{"k":"torn","v":')
    expect(reopened().entries()).toEqual([['whole', 1]])
  })

  it('does not grow for ever when the same key changes', () => {
    const map = reopened()
    for (let value = 0; value < 5_000; value += 1) map.set('key', value)
    expect(readFileSync(path, 'utf8').split('\n').length).toBeLessThan(1_100)
    expect(reopened().get('key')).toBe(4_999)
  })

  it('can be read by its owner alone', () => {
    reopened().set('secret', 1)
    expect(statSync(path).mode & 0o077).toBe(0)
  })
})
