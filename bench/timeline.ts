import { graphqlClient, startSystem } from '@heirloom/testkit'
import { createClient } from 'graphql-ws'
import { WebSocket } from 'ws'
import { benchOptions, percentile, report } from './report.js'

// From sending `createStory` to the event at a subscriber of the timeline, through gateway,
// outbox, relay, SNS, SQS, projector and stream, one story at a time.
const options = benchOptions()
const stories = options.quick ? 20 : 300
const system = await startSystem()
const token = await system.token('t_haworth')
const ask = graphqlClient(`${system.url}/graphql`, token)
const found = await ask<{ legacy: { id: string } }>(`{ legacy(slug: "brontes-of-haworth") { id } }`)
const legacyId = found.data?.legacy.id
const end = await ask<{ timelineEnd: string }>(
  `query ($legacyId: ID!) { timelineEnd(legacyId: $legacyId) }`,
  { legacyId },
)

const arrivals = new Map<string, (at: number) => void>()
const client = createClient({
  url: `${system.url.replace(/^http/, 'ws')}/graphql`,
  webSocketImpl: WebSocket,
  connectionParams: { authorization: `Bearer ${token}` },
})
client.subscribe<{ timeline: { story: { title: string } | null } }>(
  {
    query: `subscription ($legacyId: ID!, $after: String) {
      timeline(legacyId: $legacyId, after: $after) { cursor story { title } }
    }`,
    variables: { legacyId, after: end.data?.timelineEnd },
  },
  {
    next: ({ data }) => arrivals.get(data?.timeline.story?.title ?? '')?.(performance.now()),
    error: (error) => {
      throw new Error('the subscription failed', { cause: error })
    },
    complete: () => undefined,
  },
)

const latencies: number[] = []
for (let index = 0; index < stories; index += 1) {
  const title = `Story ${index}`
  const arrived = new Promise<number>((resolve) => arrivals.set(title, resolve))
  const sent = performance.now()
  await ask(
    `mutation ($input: CreateStoryInput!) { createStory(input: $input) { story { id } } }`,
    {
      input: { legacyId, title, body: 'Measured.' },
    },
  )
  const ms = (await arrived) - sent
  // The first ones load code and plans that later ones find in place.
  if (index >= 5) latencies.push(ms)
}
await client.dispose()
await system.stop()
report(
  'timeline',
  [
    {
      name: 'write to subscriber, p50',
      value: percentile(latencies, 0.5),
      unit: 'ms',
      goal: 250,
      direction: 'max',
    },
    {
      name: 'write to subscriber, p99',
      value: percentile(latencies, 0.99),
      unit: 'ms',
      goal: 1_000,
      direction: 'max',
    },
  ],
  options,
)
