import {
  getOperationAST,
  NoUnusedVariablesRule,
  parse,
  print,
  specifiedRules,
  validate,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { buildSupergraph } from '../federation/supergraph.js'
import { testSupergraph } from '../testing/subgraphs.js'
import { resumableDocument } from './resumable-document.js'

const { apiSchema } = buildSupergraph(testSupergraph())

function rewritten(text: string, variables: Record<string, unknown> = {}, name?: string) {
  const document = parse(text)
  const operation = getOperationAST(document, name)
  if (operation === null || operation === undefined) throw new Error('no such operation')
  const found = resumableDocument(apiSchema, document, operation, variables)
  // The client's own variable may be left over: what it said is said by ours now.
  const rules = specifiedRules.filter((rule) => rule !== NoUnusedVariablesRule)
  const [invalid] = found === undefined ? [] : validate(apiSchema, found.document, rules)
  if (invalid !== undefined) throw invalid
  return found
}

describe('a subscription that can be resumed', () => {
  it('gets a variable for its position, and selects the cursor', () => {
    const found = rewritten('subscription { news: followed(stream: "s", after: "c1") { text } }')
    expect(found).toMatchObject({ after: 'c1', rootKey: 'news', cursorKey: '__heirloom_cursor' })
    expect(print(found?.document ?? parse('{ x }'))).toBe(
      `subscription ($__heirloom_after: String) {
  news: followed(stream: "s", after: $__heirloom_after) {
    text
    __heirloom_cursor: cursor
  }
}`,
    )
  })

  it('starts where the client said: by a literal, a variable, null, or not at all', () => {
    const at = (args: string, variables: Record<string, unknown> = {}) =>
      rewritten(`subscription S($a: String) { followed(stream: "s"${args}) { text } }`, variables)
        ?.after
    expect(at(', after: "c7"')).toBe('c7')
    expect(at(', after: $a', { a: 'c8' })).toBe('c8')
    expect(at(', after: null')).toBeUndefined()
    expect(at(', after: $a')).toBeUndefined()
    expect(at('')).toBeUndefined()
  })

  it('may have its root field in a fragment, and others beside it', () => {
    const found = rewritten(
      `subscription A { ...F } fragment F on Subscription { followed(stream: "s") { ...E } }
       fragment E on Entry { text by { name } } query B { books { id } }`,
      {},
      'A',
    )
    expect(found?.rootKey).toBe('followed')
    expect(print(found?.document ?? parse('{ x }'))).not.toContain('query B($')
  })

  it('keeps out of the way of names that the client has chosen', () => {
    const found = rewritten(
      `subscription S($__heirloom_after: String) {
         followed(stream: "s", after: $__heirloom_after) { __heirloom_cursor: text }
       }`,
      { __heirloom_after: 'c2' },
    )
    expect(found).toMatchObject({
      after: 'c2',
      afterVariable: '__heirloom_after_',
      cursorKey: '__heirloom_cursor_',
    })
  })
})

describe('a subscription without positions', () => {
  it('is left as it is', () => {
    expect(rewritten('subscription { ticks(count: 1) }')).toBeUndefined()
    expect(rewritten('subscription { refused { text } }')).toBeUndefined()
  })
})
