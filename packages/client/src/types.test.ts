import type { TypedDocumentNode } from '@graphql-typed-document-node/core'
import { parse } from 'graphql'
import { expect, expectTypeOf, it } from 'vitest'
import { WebSocket } from 'ws'
import { createHeirloomClient } from './client.js'
import { cursorOf, startLogServer } from './test-server.js'

interface Data {
  readonly __typename?: 'Subscription'
  readonly timeline: { readonly cursor: string; readonly id: string }
}
interface Variables {
  readonly legacyId: string
  readonly after?: string | null
}

// As a code generator gives it: without a location, and so without its text.
const document: TypedDocumentNode<Data, Variables> = parse(
  'subscription ($legacyId: ID!, $after: String) { timeline(legacyId: $legacyId, after: $after) { cursor id } }',
  { noLocation: true },
)

it('knows the event and the variables of a typed document', async () => {
  const server = await startLogServer()
  server.append(1)
  const client = createHeirloomClient({ url: server.url, webSocketImpl: WebSocket })
  const event = await new Promise<Data['timeline']>((resolve) => {
    const subscription = client.subscribe(
      document,
      { legacyId: 'L' },
      {
        after: cursorOf(0),
        onEvent: (found) => {
          expectTypeOf(found).toEqualTypeOf<Data['timeline']>()
          subscription.close()
          resolve(found)
        },
      },
    )
  })
  expect(event).toEqual({ cursor: cursorOf(1), id: '1' })
  const misspelt = (): unknown =>
    // @ts-expect-error -- there is no such variable
    client.subscribe(document, { legacy: 'L' }, { onEvent: () => undefined })
  expect(misspelt).toBeTypeOf('function')
  const query: TypedDocumentNode<{ timelineEnd: string }, { id: string }> = parse(
    'query ($id: ID!) { timelineEnd(legacyId: $id) }',
  )
  const { timelineEnd } = await client.query(query, { id: 'L' })
  expectTypeOf(timelineEnd).toBeString()
  expect(timelineEnd).toBe(cursorOf(1))
  await server.close()
})
