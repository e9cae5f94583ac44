import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatLine, parseLine, readLines, requireHead } from './lines.js'
import { createProblemLog } from './problems.js'

describe('a line', () => {
  it.each([
    ['0 HEAD', { level: 0, xref: null, tag: 'HEAD', value: '' }],
    ['0 @I1@ INDI', { level: 0, xref: 'I1', tag: 'INDI', value: '' }],
    [
      '1 NAME Charlotte /Brontë/',
      { level: 1, xref: null, tag: 'NAME', value: 'Charlotte /Brontë/' },
    ],
    ['   2 DATE  21 APR 1816', { level: 2, xref: null, tag: 'DATE', value: ' 21 APR 1816' }],
    [
      '2 CONC text that ends with a space ',
      { level: 2, xref: null, tag: 'CONC', value: 'text that ends with a space ' },
    ],
    ['\t1 _UID\t123', { level: 1, xref: null, tag: '_UID', value: '123' }],
    ['01 sex F', { level: 1, xref: null, tag: 'SEX', value: 'F' }],
    ['0  @N 1@  NOTE  two spaces', { level: 0, xref: 'N 1', tag: 'NOTE', value: ' two spaces' }],
  ])('is read: %j', (text, line) => {
    expect(parseLine(text)).toEqual(line)
  })

  it.each([
    ['which his wife survived', null, 'does not begin with a level number'],
    ['-1 NAME', null, 'does not begin with a level number'],
    ['1', 1, 'has no tag'],
    ['1 ', 1, 'has no tag'],
    ['1NAME x', 1, 'no space follows the level number'],
    ['100 NAME x', null, 'the level is higher than 99'],
    ['0 @I1 INDI', 0, 'the identifier between @ signs, or the tag after it, cannot be read'],
    ['0 @@ INDI', 0, 'the identifier between @ signs, or the tag after it, cannot be read'],
    [
      '1 NA-ME x',
      1,
      'the tag cannot be read: it may hold letters, digits and underscores only, at most 31',
    ],
  ])('that is broken says why: %j', (text, level, reason) => {
    expect(parseLine(text)).toEqual({ level, reason })
  })

  it('that is well formed comes back as it was written', () => {
    const of = (letters: string, maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...letters.split('')), minLength: 1, maxLength })
    const line = fc.record({
      level: fc.integer({ min: 0, max: 99 }),
      xref: fc.option(of('AZ09!:_-', 20)),
      tag: of('ABYZ09_', 31),
      value: fc.string({ unit: 'grapheme' }).map((text) => text.replace(/\p{Cc}/gu, '')),
    })
    fc.assert(
      fc.property(line, (written) => {
        expect(parseLine(formatLine(written))).toEqual(written)
      }),
    )
  })
})

describe('the lines of a text', () => {
  it('end with LF, CR or CRLF, keep their numbers, and may be blank', () => {
    const problems = createProblemLog()
    const lines = [...readLines('0 HEAD\r\n1 A\r\r1 B\n\n \n1 C\u2028D', problems)]
    expect(lines.map(({ number, text }) => [number, text])).toEqual([
      [1, '0 HEAD'],
      [2, '1 A'],
      [4, '1 B'],
      [7, '1 C\u2028D'],
    ])
    expect(problems.found).toEqual([])
  })

  it('lose control characters, and say so', () => {
    const problems = createProblemLog()
    const [line] = [...readLines('1 NAME Anne\u0000\u0007 /Brontë/', problems)]
    expect(line?.text).toBe('1 NAME Anne /Brontë/')
    expect(problems.found).toMatchObject([{ line: 1, reason: 'control characters were taken out' }])
  })

  it('may end with the mark that DOS left', () => {
    const problems = createProblemLog()
    expect([...readLines('0 TRLR\r\n\u001a', problems)]).toHaveLength(1)
    expect(problems.found).toEqual([])
  })

  it('are broken beyond the maximal length, and quoted in part', () => {
    const [line] = [...readLines(`1 NOTE ${'x'.repeat(70_000)}`, createProblemLog())]
    expect(line?.parsed).toEqual({
      level: 1,
      reason: 'has 70007 characters; at most 65536 are read',
    })
    expect(line?.text.length).toBeLessThan(200)
  })
})

describe('a file that is no GEDCOM', () => {
  it.each([
    ['', 'this is no GEDCOM file: it is empty'],
    [' \n\n', 'this is no GEDCOM file: it is empty'],
    ['{"a": 1}\n', 'this is no GEDCOM file: it begins with "{\\"a\\": 1}" instead of "0 HEAD"'],
    ['0 @I1@ INDI\n', 'this is no GEDCOM file: it begins with "0 @I1@ INDI" instead of "0 HEAD"'],
    ['1 HEAD\n', 'this is no GEDCOM file: it begins with "1 HEAD" instead of "0 HEAD"'],
    [
      'PK\u0003\u0004\n',
      'this is no GEDCOM file: it begins with "PK\\u0003\\u0004" instead of "0 HEAD"',
    ],
  ])('is refused by its first line: %j', (text, message) => {
    expect(() => requireHead(text)).toThrow(
      expect.objectContaining({ code: 'GEDCOM_INVALID', message }),
    )
  })
})
