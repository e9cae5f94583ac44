import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { cosmosCapabilities } from './backends/cosmos/cosmos-record-table.js'
import { dynamoDbCapabilities } from './backends/dynamodb/dynamodb-record-table.js'
import { filesystemCapabilities } from './backends/filesystem/filesystem-record-table.js'
import { firestoreCapabilities } from './backends/firestore/firestore-record-table.js'
import { postgresCapabilities } from './backends/postgres/postgres-record-table.js'
import type { RecordTableCapabilities } from './ports/record-table.js'

const page = readFileSync(new URL('../../../docs/backends.md', import.meta.url), 'utf8')
const declared: Readonly<Record<string, RecordTableCapabilities>> = {
  postgres: postgresCapabilities,
  dynamodb: dynamoDbCapabilities,
  firestore: firestoreCapabilities,
  cosmos: cosmosCapabilities,
  filesystem: filesystemCapabilities,
}

describe('the page about backends', () => {
  it('tells the capabilities that the code declares', () => {
    const rows = page
      .split('\n')
      .filter((line) => /^\| `[A-Za-z]+` /.test(line))
      .map((line) => line.split('|').map((cell) => cell.trim()))
    const names = Object.keys(declared)
    for (const [index, name] of names.entries()) {
      const told = rows.map(([, field = '', ...cells]) => [field.slice(1, -1), cells[index]])
      const { pages = 'snapshot', ...rest } = declared[name] ?? postgresCapabilities
      const expected = Object.entries({ ...rest, pages }).map(([field, value]) => [
        field,
        String(value),
      ])
      expect(Object.fromEntries(told), name).toEqual(Object.fromEntries(expected))
    }
  })

  it('names only tests that there are', () => {
    const here = new URL('.', import.meta.url)
    const tests = readdirSync(here, { recursive: true, encoding: 'utf8' })
      .filter((file) => /(?:\.test|-contract)\.ts$/.test(file))
      .map((file) => readFileSync(new URL(file, here), 'utf8'))
      .join('\n')
    const faults = /^## Faults$[^]*?(?=^## )/m.exec(page)?.[0] ?? ''
    const cells = faults.split('\n').filter((line) => line.startsWith('| '))
    const listed = [...page.matchAll(/^- `([^`]+)`$/gm)]
    const quoted = [...cells.join('\n').matchAll(/`([^`]+)`/g)]
    const inCells = quoted.filter(([, title = '']) => title.split(' ').length > 2)
    const named = [...listed, ...inCells].map(([, title = '']) => title)
    expect(listed.length).toBeGreaterThan(10)
    expect(inCells.length).toBeGreaterThan(20)
    expect(named.filter((title) => !tests.includes(`'${title}'`))).toEqual([])
  })
})
