import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeAnsel } from './ansel.js'
import { anselCombining, anselSpacing } from './ansel-table.js'

const bytes = (...parts: (string | number)[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'number' ? [part] : [...Buffer.from(part, 'latin1')])),
  )

describe('ANSEL', () => {
  it.each([
    ['a grave', bytes(0xe1, 'a'), 'à'],
    ['an acute', bytes('Ren', 0xe2, 'e'), 'René'],
    ['a circumflex', bytes(0xe3, 'E'), 'Ê'],
    ['a tilde', bytes('Espa', 0xe4, 'na'), 'España'],
    ['a macron', bytes(0xe5, 'o'), 'ō'],
    ['a breve', bytes(0xe6, 'a'), 'ă'],
    ['a dot above', bytes(0xe7, 'z'), 'ż'],
    ['a diaeresis', bytes('W', 0xe8, 'urttemberg'), 'Württemberg'],
    ['a caron', bytes(0xe9, 'c'), 'č'],
    ['a ring', bytes(0xea, 'Angstr', 0xe8, 'om'), 'Ångström'],
    ['a double acute', bytes('Erd', 0xee, 'os'), 'Erdős'],
    ['a cedilla', bytes('Fran', 0xf0, 'cois'), 'François'],
    ['an ogonek', bytes(0xf1, 'e'), 'ę'],
    ['a dot below', bytes(0xf2, 'a'), 'ạ'],
    ['a comma below', bytes(0xf7, 's'), 'ș'],
    ['two marks on one letter', bytes(0xe3, 0xe2, 'e'), 'ế'],
    ['letters of their own', bytes(0xa2, 'rsted ', 0xb1, 0xb2, 0xb5, 0xcf), 'Ørsted łøæß'],
    ['thorn and eth', bytes(0xa4, 'or', 0xba), 'Þorð'],
    ['signs', bytes(0xb9, ' ', 0xc3, ' ', 0xc5, 0xc6, ' ', 0xaa), '£ © ¿¡ ®'],
    ['ASCII', bytes('0 HEAD\r\n1 CHAR ANSEL'), '0 HEAD\r\n1 CHAR ANSEL'],
  ])('reads %s', (_what, input, text) => {
    expect(decodeAnsel(input)).toBe(text)
  })

  it.each([
    ['a byte without a meaning', bytes('a', 0x80, 'b'), 'a\ufffdb'],
    ['a mark before a line end', bytes('a', 0xe2, '\nb'), 'a\ufffd\nb'],
    ['a mark before a space', bytes(0xe2, ' b'), '\ufffd b'],
    ['a mark at the end', bytes('a', 0xe2), 'a\ufffd'],
  ])('shows that it could not read %s', (_what, input, text) => {
    expect(decodeAnsel(input)).toBe(text)
  })

  it('knows every byte that the standard defines, once', () => {
    const defined = [...Object.keys(anselSpacing), ...Object.keys(anselCombining)].map(Number)
    expect(new Set(defined).size).toBe(defined.length)
    expect(defined.every((byte) => byte > 0xa0 && byte < 0xff)).toBe(true)
    for (const byte of Object.keys(anselCombining)) {
      expect(anselCombining[Number(byte)]).toMatch(/^\p{Mn}$/u)
    }
  })

  it('reads any bytes into composed text without halves of characters', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (input) => {
        const text = decodeAnsel(input)
        expect(text).toBe(text.normalize('NFC'))
        expect(text).not.toMatch(/\p{Surrogate}/u)
      }),
    )
  })
})
