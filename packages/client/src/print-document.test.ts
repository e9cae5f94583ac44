import { parse, print } from 'graphql'
import { expect, it } from 'vitest'
import { textOf } from './document.js'
import { printDocument } from './print-document.js'

it.each([
  'subscription { timeline(legacyId: "L") { cursor } }',
  `subscription Follow($id: ID!, $after: String = null, $many: [[Int!]!] = [[1, -2], []]) @live(if: true) {
    alias: timeline(legacyId: $id, after: $after, where: { a: 1.5e3, b: [RED, "x"], c: { d: null, e: false } }) {
      cursor @include(if: $yes) ...More ... on StreamEvent { id } ... @skip(if: false) { type } ... { type }
    }
  }
  fragment More on StreamEvent @x { story { title(style: "a \\" quote, \\u00e9, \\n line") } }`,
  'query { a(text: """ a block\n  of "text" """) }',
  '{ a }',
])('prints what parses to the same document: %s', (text) => {
  const document = parse(text, { noLocation: true })
  expect(print(parse(printDocument(document)))).toBe(
    print(document).replaceAll(/"""[^]*?"""/g, (block) => JSON.stringify(valueOf(block))),
  )
})

it('takes texts, texts of a class, and documents, and prints each document once', () => {
  const document = parse('{ a }')
  class TypedDocumentString extends String {}
  expect(textOf('{ a }')).toBe('{ a }')
  expect(textOf(new TypedDocumentString('{ a }') as string)).toBe('{ a }')
  expect(textOf(document)).toBe('query  { a }')
  expect(textOf(document)).toBe(textOf(document))
})

function valueOf(block: string): unknown {
  const [definition] = parse(`{ a(b: ${block}) }`, { noLocation: true }).definitions
  return JSON.parse(
    /"value":("(?:\\.|[^"\\])*"),"block"/.exec(JSON.stringify(definition))?.[1] ?? '',
  )
}
