import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { describeWith } from '@heirloom/testkit'
import { parseFamilyTree } from './family-tree.js'

const path = fileURLToPath(new URL('../../../../shared/data/royal92.ged', import.meta.url))

describeWith(
  {
    name: 'royal92.ged',
    available: existsSync(path),
    reason: 'put the file at ../shared/data/royal92.ged, beside the repository',
  },
  'the royal family of royal92.ged',
  () => {
    it('comes in whole, in well under a second', () => {
      const bytes = readFileSync(path)
      const before = process.cpuUsage()
      const { people, relationships, report } = parseFamilyTree(bytes)
      // The processor's time, since the clock on the wall also counts what else the machine does.
      const { user, system } = process.cpuUsage(before)
      expect((user + system) / 1_000).toBeLessThan(1_000)

      // Counted apart from this code, by grep and awk over the file.
      expect(report.encoding).toBe('ANSEL')
      expect(report.counts).toEqual({
        records: 4_435,
        people: 3_010,
        families: 1_422,
        parentLinks: 3_724,
        partnerLinks: 1_138,
      })
      expect(people).toHaveLength(3_010)
      expect(relationships).toHaveLength(3_724 + 1_138)
      expect(people.filter(({ sex }) => sex === 'FEMALE')).toHaveLength(1_311)
      expect(people.filter(({ sex }) => sex === 'MALE')).toHaveLength(1_686)
      expect(people.filter(({ title }) => title !== null)).toHaveLength(1_398)
      expect(people.filter(({ birth }) => (birth?.date ?? null) !== null)).toHaveLength(1_735)
      expect(people.filter(({ death }) => (death?.date ?? null) !== null)).toHaveLength(1_692)
      expect(report.problems).toEqual([])
    })

    it('tells the one date without a year, and everything that it does not keep', () => {
      const { skipped } = parseFamilyTree(readFileSync(path)).report
      const count = (path: string): number | undefined =>
        skipped.find((kind) => kind.path === path)?.count
      expect(count('FAM.MARR.DATE')).toBe(556)
      expect(count('INDI.BURI.PLAC')).toBe(187)
      expect(skipped.find(({ path }) => path === 'INDI.BIRT.DATE')).toMatchObject({
        count: 1,
        lines: [6_436],
        example: '10 JAN',
      })
    })

    it('knows Victoria, Albert and their first child', () => {
      const { people, relationships } = parseFamilyTree(readFileSync(path))
      expect(people[0]).toMatchObject({
        name: 'Victoria Hanover',
        title: 'Queen of England',
        birth: { date: '24 MAY 1819', year: 1819, place: 'Kensington,Palace,London,England' },
        death: { date: '22 JAN 1901', year: 1901 },
      })
      expect(relationships).toContainEqual({ kind: 'PARTNER', from: 'I2', to: 'I1' })
      expect(relationships).toContainEqual({ kind: 'PARENT', from: 'I1', to: 'I3' })
      expect(relationships).toContainEqual({ kind: 'PARENT', from: 'I2', to: 'I3' })
    })
  },
)
