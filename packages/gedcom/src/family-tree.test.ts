import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFamilyTree, type FamilyTree } from './family-tree.js'
import { limits } from './limits.js'

/** A file of these lines between a head and a trailer; the first of them is line 3. */
function tree(...lines: (string | string[])[]): FamilyTree {
  const whole = ['0 HEAD', '1 CHAR UTF-8', ...lines.flat(), '0 TRLR', '']
  return parseFamilyTree(Buffer.from(whole.join('\n')))
}
const links = ({ relationships }: FamilyTree): string[] =>
  relationships.map(({ kind, from, to }) => `${kind} ${from} ${to}`)
const problems = ({ report }: FamilyTree): string[] =>
  report.problems.map(({ kind, line, reason }) => `${kind} ${line}: ${reason}`)

describe('a person', () => {
  it('has name, title, sex, birth and death as the file gives them', () => {
    const { people, report } = tree(
      '0 @I1@ INDI',
      '1 NAME Charlotte /Brontë/',
      '2 NICK Tallii',
      '1 TITL Author',
      '1 SEX F',
      '1 BIRT',
      '2 DATE 21 APR 1816',
      '2 PLAC Thornton, Yorkshire',
      '1 DEAT',
      '2 DATE BET 30 MAR 1855 AND 31 MAR 1855',
    )
    expect(people).toEqual([
      {
        xref: 'I1',
        name: 'Charlotte Brontë',
        givenName: 'Charlotte',
        surname: 'Brontë',
        suffix: null,
        nickname: 'Tallii',
        title: 'Author',
        sex: 'FEMALE',
        birth: { date: '21 APR 1816', year: 1816, place: 'Thornton, Yorkshire', source: 'BIRT' },
        death: { date: 'BET 30 MAR 1855 AND 31 MAR 1855', year: 1855, place: null, source: 'DEAT' },
        line: 3,
      },
    ])
    expect(report.skipped).toEqual([])
    expect(report.problems).toEqual([])
  })

  it('without a year of birth is sorted by the christening, which stays no birth', () => {
    const { people, report } = tree(
      '0 @I1@ INDI',
      '1 NAME Anne //',
      '1 CHR',
      '2 DATE 25 MAR 1820',
      '2 PLAC Thornton',
      '1 DEAT Y',
      '1 BURI',
      '2 DATE 30 MAY 1849',
    )
    expect(people[0]).toMatchObject({
      birth: { date: null, year: 1820, place: null, source: 'CHR' },
      death: { date: null, year: 1849, place: null, source: 'BURI' },
    })
    expect(report.skipped).toContainEqual({
      path: 'INDI.CHR.DATE',
      reason: 'only its year was kept, to sort by',
      count: 1,
      lines: [6],
      example: '25 MAR 1820',
    })
  })

  it('without a name goes by nickname, title or as unknown', () => {
    const { people } = tree(
      ['0 @I1@ INDI', '1 NAME //', '2 NICK Bess'],
      ['0 @I2@ INDI', '1 TITL Duke of Kent'],
      ['0 @I3@ INDI', '1 NAME', '2 GIVN Emily', '2 SURN Brontë'],
      ['0 @I4@ INDI'],
    )
    expect(people.map(({ name }) => name)).toEqual([
      'Bess',
      'Duke of Kent',
      'Emily Brontë',
      'Unknown',
    ])
  })

  it('takes every sex that GEDCOM knows, and reports others', () => {
    const { people, report } = tree(
      ['M', 'f', 'U', 'X', ''].flatMap((sex, at) => [`0 @I${at}@ INDI`, `1 SEX ${sex}`]),
      ['0 @I9@ INDI', '1 SEX maybe'],
    )
    expect(people.map(({ sex }) => sex)).toEqual([
      'MALE',
      'FEMALE',
      'UNKNOWN',
      'OTHER',
      'UNKNOWN',
      'UNKNOWN',
    ])
    expect(report.skipped).toMatchObject([{ path: 'INDI.SEX', count: 1, example: 'maybe' }])
  })
})

describe('a family', () => {
  const people = ['I1', 'I2', 'I3'].flatMap((xref) => [`0 @${xref}@ INDI`, `1 NAME ${xref} //`])

  it('links husband and wife, and both with each child', () => {
    const both = tree(
      ['0 @I1@ INDI', '1 FAMS @F1@', '0 @I2@ INDI', '1 FAMS @F1@', '0 @I3@ INDI', '1 FAMC @F1@'],
      ['0 @F1@ FAM', '1 HUSB @I1@', '1 WIFE @I2@', '1 CHIL @I3@'],
    )
    expect(links(both)).toEqual(['PARTNER I1 I2', 'PARENT I1 I3', 'PARENT I2 I3'])
    expect(problems(both)).toEqual([])
    expect(both.report.counts).toMatchObject({ families: 1, parentLinks: 2, partnerLinks: 1 })
  })

  it('is known from its own side alone, with the disagreement reported', () => {
    const one = tree(...people, '0 @F1@ FAM', '1 HUSB @I1@', '1 CHIL @I3@')
    expect(links(one)).toEqual(['PARENT I1 I3'])
    expect(problems(one)).toEqual([
      'disagreement 10: @F1@ names @I1@ as its partner, but @I1@ does not say so; the link was kept',
      'disagreement 11: @F1@ names @I3@ as its child, but @I3@ does not say so; the link was kept',
    ])
  })

  it("is known from its people's side alone, likewise", () => {
    const one = tree(['0 @I1@ INDI', '1 FAMS @F1@', '0 @I3@ INDI', '1 FAMC @F1@', '0 @F1@ FAM'])
    expect(links(one)).toEqual(['PARENT I1 I3'])
    expect(problems(one)).toEqual([
      'disagreement 4: @I1@ names @F1@ as its family as a partner, but @F1@ does not say so; the link was kept',
      'disagreement 6: @I3@ names @F1@ as its family as a child, but @F1@ does not say so; the link was kept',
    ])
  })

  it('whose record is missing still links those who point to it', () => {
    const one = tree('0 @I1@ INDI', '1 FAMS @F1@', '0 @I3@ INDI', '1 FAMC @F1@')
    expect(links(one)).toEqual(['PARENT I1 I3'])
    expect(problems(one)).toEqual([
      'dangling-xref 4: there is no record @F1@',
      'dangling-xref 6: there is no record @F1@',
    ])
  })

  it('drops pointers to nobody and to records of another kind', () => {
    const one = tree(...people, [
      '0 @F1@ FAM',
      '1 HUSB @I7@',
      '1 WIFE @F2@',
      '1 CHIL @I3@',
      '1 CHIL Emily',
      '0 @F2@ FAM',
    ])
    expect(links(one)).toEqual([])
    expect(problems(one).slice(0, 2)).toEqual([
      'dangling-xref 10: there is no record @I7@',
      'dangling-xref 11: @F2@ is a FAM record, where INDI is expected',
    ])
    expect(one.report.skipped).toMatchObject([
      { path: 'FAM.CHIL', reason: 'no pointer to a record', example: 'Emily' },
    ])
  })

  it('gives each link once, however often the file says it', () => {
    const one = tree(
      ['0 @I1@ INDI', '1 FAMS @F1@', '1 FAMS @F1@', '1 FAMS @F2@'],
      ['0 @I2@ INDI', '1 FAMS @F1@', '1 FAMS @F2@'],
      ['0 @F1@ FAM', '1 HUSB @I1@', '1 HUSB @I1@', '1 WIFE @I2@'],
      ['0 @F2@ FAM', '1 HUSB @I2@', '1 WIFE @I1@'],
    )
    expect(links(one)).toEqual(['PARTNER I1 I2'])
  })

  it('makes nobody their own parent or partner', () => {
    const one = tree(
      ['0 @I1@ INDI', '1 FAMS @F1@', '1 FAMC @F1@'],
      ['0 @F1@ FAM', '1 HUSB @I1@', '1 WIFE @I1@', '1 CHIL @I1@'],
    )
    expect(links(one)).toEqual([])
    expect(problems(one)).toEqual([
      'structure 0: @I1@ is partner and child of the same family; the link was dropped',
    ])
  })

  it('takes a bounded number of partners', () => {
    const many = Array.from({ length: 40 }, (_, at) => `P${at}`)
    const one = tree(
      many.flatMap((xref) => [`0 @${xref}@ INDI`, '1 FAMS @F1@']),
      ['0 @F1@ FAM', ...many.map((xref) => `1 HUSB @${xref}@`)],
    )
    const taken = limits.partnersPerFamily
    expect(one.relationships).toHaveLength((taken * (taken - 1)) / 2)
    expect(problems(one)).toEqual([
      `structure 0: the family has 40 partners; the first ${taken} were taken`,
    ])
  })
})

describe('a circle of parents', () => {
  const person = (xref: string, child: string, parent: string): string[] => [
    `0 @${xref}@ INDI`,
    `1 NAME ${xref} //`,
    `1 FAMC @F${child}@`,
    `1 FAMS @F${parent}@`,
  ]
  const family = (xref: string, parent: string, child: string): string[] => [
    `0 @F${xref}@ FAM`,
    `1 HUSB @${parent}@`,
    `1 CHIL @${child}@`,
  ]

  it('is reported, and its links are left out, but not those that lead to it', () => {
    const one = tree(
      ...person('A', '3', '1'),
      ...person('B', '1', '2'),
      ...person('C', '2', '3'),
      ['0 @D@ INDI', '1 NAME D //', '1 FAMC @F3@'],
      ...family('1', 'A', 'B'),
      ...family('2', 'B', 'C'),
      ...family('3', 'C', 'A'),
      '1 CHIL @D@',
    )
    expect(links(one)).toEqual(['PARENT C D'])
    expect(problems(one)).toEqual([
      'cycle 3: 3 people are their own ancestors; the parent links between them were left out',
    ])
  })

  it('is found at the end of a line of descent longer than any stack', () => {
    const last = 20_000
    const lines = Array.from({ length: last }, (_, at) => [
      `0 @I${at}@ INDI\n1 FAMS @F${at}@\n1 FAMC @F${at - 1}@`,
      `0 @F${at}@ FAM\n1 HUSB @I${at}@\n1 CHIL @I${(at + 1) % last}@`,
    ])
    const one = tree(lines.flat())
    expect(links(one)).toEqual([])
    expect(one.report.problems.filter(({ kind }) => kind === 'cycle')).toHaveLength(1)
  })
})

describe('what is wrong in a file', () => {
  it('is listed with line, text and reason, and the rest is read', () => {
    const one = tree(
      '0 @I1@ INDI',
      '1 NAME Emily /Brontë/',
      'who wrote Wuthering Heights',
      '1 B!RT',
      '2 DATE 30 JUL 1818',
      '1 SEX F',
      '3 DATE 1818',
    )
    expect(one.people).toMatchObject([{ name: 'Emily Brontë', sex: 'FEMALE', birth: null }])
    expect(one.report.problems).toEqual([
      {
        kind: 'malformed-line',
        line: 5,
        text: 'who wrote Wuthering Heights',
        reason: 'does not begin with a level number',
      },
      {
        kind: 'malformed-line',
        line: 6,
        text: '1 B!RT',
        reason:
          'the tag cannot be read: it may hold letters, digits and underscores only, at most 31',
      },
      {
        kind: 'malformed-line',
        line: 7,
        text: '2 DATE 30 JUL 1818',
        reason: 'belongs to line 6, which could not be read',
      },
      {
        kind: 'malformed-line',
        line: 9,
        text: '3 DATE 1818',
        reason: 'the level jumps from 1 to 3',
      },
    ])
  })

  it('never makes the lines of a record that could not be read part of the one before', () => {
    const one = tree('0 @I1@ INDI', '1 NAME Anne //', '0 @I2 INDI', '1 NAME Emily //', '1 SEX F')
    expect(one.people).toMatchObject([{ name: 'Anne', sex: 'UNKNOWN' }])
    expect(one.report.problems).toHaveLength(3)
  })

  it('includes identifiers that are given twice and records without one', () => {
    const one = tree([
      '0 @I1@ INDI',
      '1 NAME Anne //',
      '0 @I1@ INDI',
      '1 NAME Emily //',
      '0 INDI',
      '0 FAM',
    ])
    expect(one.people).toMatchObject([{ name: 'Anne' }])
    expect(problems(one)).toEqual([
      'duplicate-xref 5: @I1@ is already a INDI record; this one was left out',
      'structure 7: has no identifier, so that nothing can point to it; it was left out',
      'structure 8: has no identifier, so that nothing can point to it; it was left out',
    ])
  })

  it('includes an end that is missing, and what stands after it', () => {
    const cut = parseFamilyTree(Buffer.from('0 HEAD\n0 @I1@ INDI\n1 NAME An'))
    expect(problems(cut)).toEqual([
      'structure 0: the file does not end with TRLR: it may have been cut short',
    ])
    const after = tree('0 TRLR', '0 @I1@ INDI')
    expect(problems(after)[0]).toBe('structure 4: stands after TRLR, which ends the file')
  })

  it('is kept up to a number, and counted beyond it', () => {
    const one = tree(...Array.from({ length: limits.problems + 7 }, () => 'nonsense'))
    expect(one.report.problems).toHaveLength(limits.problems)
    expect(one.report.problemsLeftOut).toBe(7)
  })
})

describe('what is read, but not kept', () => {
  it('is grouped by path with count, lines and an example', () => {
    const one = tree(
      ['0 @I1@ INDI', '1 NOTE one', '2 CONT more', '2 CONC over', '1 NOTE two', '1 _UID 7'],
      ['0 @F1@ FAM', '1 MARR', '2 DATE 29 JUN 1854', '0 @N1@ NOTE see@@home'],
    )
    expect(one.report.skipped).toEqual([
      { path: 'INDI.NOTE', reason: 'not kept', count: 2, lines: [4, 7], example: 'one\nmoreover' },
      { path: 'INDI._UID', reason: 'not kept', count: 1, lines: [8], example: '7' },
      { path: 'FAM.MARR', reason: 'not kept', count: 1, lines: [10], example: '' },
      { path: 'FAM.MARR.DATE', reason: 'not kept', count: 1, lines: [11], example: '29 JUN 1854' },
      { path: 'NOTE', reason: 'not kept', count: 1, lines: [12], example: 'see@home' },
    ])
  })

  it('has a bounded number of kinds', () => {
    const tags = Array.from({ length: limits.skippedKinds + 50 }, (_, at) => `1 _T${at} x`)
    const { skipped } = tree('0 @I1@ INDI', ...tags).report
    expect(skipped.length).toBe(limits.skippedKinds + 1)
    expect(skipped[0]).toMatchObject({ path: 'other lines', count: 50 })
  })
})

describe('any bytes', () => {
  const nonsense = fc.oneof(
    fc.uint8Array({ maxLength: 400 }),
    fc
      .array(
        fc.oneof(
          fc.constantFrom('0 @I1@ INDI', '0 @F1@ FAM', '1 HUSB @I1@', '1 CHIL @I1@', '1 FAMC @F1@'),
          fc.constantFrom('1 NAME /', '2 DATE BET AND', '2 CONT', '2 CONC @', '0 TRLR', '9 X', '1'),
          fc.string({ maxLength: 30 }),
        ),
        { maxLength: 30 },
      )
      .map((lines) => Buffer.from(lines.join('\n'))),
  )

  it('after a head never crash, and give text that can be stored', () => {
    fc.assert(
      fc.property(
        nonsense,
        fc.constantFrom('ANSEL', 'UTF-8', 'ANSI', 'IBMPC'),
        (bytes, charset) => {
          const head = Buffer.from(`0 HEAD\n1 CHAR ${charset}\n`)
          const { people, relationships, report } = parseFamilyTree(Buffer.concat([head, bytes]))
          const known = new Set(people.map(({ xref }) => xref))
          for (const { from, to } of relationships) {
            expect(from !== to && known.has(from) && known.has(to)).toBe(true)
          }
          const text = JSON.stringify([people, report])
          expect(text).not.toMatch(/\p{Surrogate}/u)
          expect(text).not.toMatch(/\\u00[01]/)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('without a head are refused as a whole', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => parseFamilyTree(bytes)).toThrow(
          expect.objectContaining({ code: 'GEDCOM_INVALID' }),
        )
      }),
    )
  })
})
