import fc from 'fast-check'
import { execute, parse, type DocumentNode } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createSubgraphServer, loadSdl } from '@heirloom/subgraph'
import { testLogger } from '@heirloom/testkit'
import { placed, type PlacedEvent } from '../domain/stream-event.js'
import { resolvers } from './index.js'
import { streamEventTexts } from './stream-event-text.js'

const { schema } = createSubgraphServer({
  name: 'storage',
  typeDefs: loadSdl('storage'),
  resolvers,
  verify: () => Promise.reject(new Error('nobody asks')),
  context: (request) => request,
  logger: testLogger(),
})

function eventOf(data: unknown, actorId: string | null = 'user:"ü"\u2028'): PlacedEvent {
  const position = 1_763_000_000_123_456
  const [appendedAt, occurredAt] = [new Date(position / 1_000), new Date('2025-01-01T00:00:00Z')]
  const event = { id: 'e"1', type: 'Told', position, appendedAt, occurredAt, actorId, data }
  return placed(event, { encode: () => '1.k.abc.mac', decode: () => 0 })
}

/** What graphql-js answers for one event, as JSON. */
function executed(document: DocumentNode, event: PlacedEvent): string {
  const variableValues = { id: 's' }
  return JSON.stringify(execute({ schema, document, rootValue: event, variableValues }))
}

function written(document: DocumentNode, event: PlacedEvent): string | undefined {
  return streamEventTexts({ schema, document })?.(event)
}

const leaves = ['__typename', 'id', 'cursor', 'type', 'appendedAt', 'occurredAt', 'actorId', 'data']
const references = ['legacy', 'story', 'person', 'media']
const entityFields = fc.uniqueArray(fc.constantFrom('id', '__typename', 'own: id'), {
  minLength: 1,
})
const field = fc.oneof(
  fc.constantFrom(...leaves),
  fc.constantFrom(...leaves).map((name) => `a_${name}: ${name}`),
  fc
    .tuple(fc.constantFrom(...references), entityFields)
    .map(([name, inner]) => `${name} { ${inner.join(' ')} }`),
)
const keyOf = (text: string): string => text.split(/[ :]/, 1)[0] ?? ''
const fields = fc.uniqueArray(field, { minLength: 1, maxLength: 8, selector: keyOf })
const data = fc.oneof(
  // An event always has data.
  fc.jsonValue().filter((value) => value !== null),
  fc.record(
    {
      legacy_id: fc.string(),
      story_id: fc.jsonValue(),
      person_id: fc.string(),
      media_id: fc.string(),
    },
    { requiredKeys: [] },
  ),
)

describe('results of stream subscriptions as text', () => {
  it('are what graphql-js answers, byte for byte', () => {
    fc.assert(
      fc.property(
        fields,
        data,
        fc.constantFrom(
          'eventStream(streamId: $id)',
          'e: eventStream(streamId: $id)',
          'timeline(legacyId: $id)',
        ),
        fc.option(fc.string()),
        (selection, value, root, actorId) => {
          const document = parse(`subscription S($id: ID!) { ${root} { ${selection.join(' ')} } }`)
          const event = eventOf(value, actorId)
          expect(written(document, event)).toBe(executed(document, event))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('are left to graphql-js when there is more to them', () => {
    for (const selection of [
      '... on StreamEvent { id }',
      'id @skip(if: false)',
      'id id',
      'legacy { id } legacy { __typename }',
      'legacy { id @include(if: true) }',
    ]) {
      const document = parse(`subscription { eventStream(streamId: "s") { ${selection} } }`)
      expect(streamEventTexts({ schema, document })).toBeUndefined()
    }
    for (const text of [
      'subscription { eventStream(streamId: "s") { ...E } } fragment E on StreamEvent { id }',
      '{ streamEnd(streamId: "s") }',
      'subscription { watchDocuments(database: "d", collection: "c") { id } }',
      'subscription A { eventStream(streamId: "s") { id } } query B { streamEnd(streamId: "s") }',
      'subscription { eventStream(streamId: "s") @skip(if: false) { id } }',
    ]) {
      expect(streamEventTexts({ schema, document: parse(text) })).toBeUndefined()
    }
  })

  it('are made once for all who ask with the same document', () => {
    const document = parse('subscription { eventStream(streamId: "s") { id data } }')
    let made = 0
    const event = eventOf({
      toJSON: () => {
        made += 1
        return { n: 1 }
      },
    })
    expect(written(document, event)).toBe(written(document, event))
    expect(made).toBe(1)
  })
})
