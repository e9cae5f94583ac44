import { setTimeout as delay } from 'node:timers/promises'
import { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client'
import { Client } from '@urql/core'
import { parse } from 'graphql'
import { WebSocket } from 'ws'
import {
  createHeirloomClient,
  type HeirloomClient,
  type HeirloomError,
  type Transport,
} from '@heirloom/client'
import { createHeirloomLink } from '@heirloom/client/apollo'
import { createHeirloomExchange } from '@heirloom/client/urql'
import type { Random } from './random.js'

export const ways = ['plain', 'apollo', 'urql', 'sse', 'slow'] as const
export type Way = (typeof ways)[number]

/** One that follows a stream from a cursor on, over as many clients as it takes. */
export interface Subscriber {
  readonly name: string
  readonly way: Way
  readonly streamId: string
  /** Ids of events, as they were handed out. */
  readonly seen: string[]
  /** Events whose fields could not all be had. */
  partial: number
  /** Events that the server sent again to one client, which dropped them. */
  repeated: number
  interruptions: number
  /** Times that a new client went on from the stored cursor. */
  rebirths: number
  failure: string | null
  /** Gives up the client as a page that is closed does, and goes on with a new one. */
  rebirth(): void
  /** Takes its time no more. */
  hurry(): void
  stop(): void
}

export interface SubscriberOptions {
  readonly way: Way
  readonly streamId: string
  /** The cursor to begin after. */
  readonly after: string
  readonly url: string
  readonly token: () => Promise<string>
  readonly random: Random
}

interface TorturedEvent {
  readonly id: string
  readonly cursor: string
}
interface Data {
  readonly eventStream?: TorturedEvent
  readonly timeline?: TorturedEvent
}

const documents = {
  eventStream: parse(
    'subscription Stream($id: ID!, $after: String) { eventStream(streamId: $id, after: $after) { cursor id type data } }',
  ),
  // Two subgraphs: each event is filled with the story that it tells of.
  timeline: parse(
    'subscription Timeline($id: ID!, $after: String) { timeline(legacyId: $id, after: $after) { cursor id type story { title } } }',
  ),
}

export function startSubscriber(name: string, options: SubscriberOptions): Subscriber {
  const { way, streamId, random } = options
  const legacyId = /^timeline\/(.*)$/.exec(streamId)?.[1]
  const document = legacyId === undefined ? documents.eventStream : documents.timeline
  const variables = { id: legacyId ?? streamId }
  // What a page keeps: written in the same breath as the event is taken.
  let stored = options.after
  let generation = 0
  let isHurried = false
  let leave = (): void => undefined

  function start(): void {
    generation += 1
    const mine = generation
    const isCurrent = (): boolean => mine === generation
    const take = ({ id, cursor }: TorturedEvent, errors: number): void => {
      // A client that was left must fall silent at once; what it still says would be a fault.
      subscriber.seen.push(isCurrent() ? id : `${id} after its client was left`)
      stored = cursor
      if (errors > 0) subscriber.partial += 1
    }
    const fail = (error: unknown): void => {
      if (isCurrent()) subscriber.failure = String(error)
    }
    const onInterruption = (): void => void (subscriber.interruptions += 1)
    const client = clientFor(options, way === 'sse' ? 'sse' : 'websocket')
    switch (way) {
      case 'apollo':
        leave = followByApollo(client, take, fail, onInterruption)
        return
      case 'urql':
        leave = followByUrql(client, take, fail, onInterruption)
        return
      default: {
        const subscription = client.subscribe<TorturedEvent>(document, variables, {
          after: stored,
          onEvent: async (event, { errors }) => {
            take(event, errors.length)
            if (way === 'slow' && !isHurried) await delay(pauseMs(random))
          },
          onInterruption,
          onError: fail,
        })
        leave = () => {
          subscription.close()
          subscriber.repeated += subscription.repeated
        }
      }
    }
  }

  function followByApollo(
    client: HeirloomClient,
    take: (event: TorturedEvent, errors: number) => void,
    fail: (error: unknown) => void,
    onInterruption: (error: HeirloomError) => void,
  ): () => void {
    const apollo = new ApolloClient({
      cache: new InMemoryCache(),
      link: ApolloLink.from([createHeirloomLink(client, { onInterruption })]),
    })
    const subscription = apollo
      .subscribe<Data>({
        query: document,
        variables: { ...variables, after: stored },
        errorPolicy: 'all',
        fetchPolicy: 'no-cache',
      })
      .subscribe({
        next: ({ data, error }) => {
          const event = data?.timeline ?? data?.eventStream
          if (event === undefined) fail(error)
          else take(event, error === undefined ? 0 : 1)
        },
        error: fail,
      })
    return () => subscription.unsubscribe()
  }

  function followByUrql(
    client: HeirloomClient,
    take: (event: TorturedEvent, errors: number) => void,
    fail: (error: unknown) => void,
    onInterruption: (error: HeirloomError) => void,
  ): () => void {
    const urql = new Client({
      url: options.url,
      exchanges: [createHeirloomExchange(client, { onInterruption })],
    })
    const subscription = urql
      .subscription<Data>(document, { ...variables, after: stored })
      .subscribe(({ data, error }) => {
        const event = data?.timeline ?? data?.eventStream
        if (event === undefined || error?.networkError) fail(error)
        else take(event, error === undefined ? 0 : 1)
      })
    return () => subscription.unsubscribe()
  }

  const subscriber: Subscriber = {
    name,
    way,
    streamId,
    seen: [],
    partial: 0,
    repeated: 0,
    interruptions: 0,
    rebirths: 0,
    failure: null,
    rebirth: () => {
      leave()
      subscriber.rebirths += 1
      start()
    },
    hurry: () => {
      isHurried = true
    },
    stop: () => leave(),
  }
  start()
  return subscriber
}

/** Mostly a little, now and then so long that hundreds of events wait meanwhile. */
function pauseMs(random: Random): number {
  return random.next() < 0.02 ? random.between(2_000, 6_000) : random.between(0, 40)
}

function clientFor({ url, token }: SubscriberOptions, transport: Transport): HeirloomClient {
  return createHeirloomClient({
    url,
    token,
    transport,
    webSocketImpl: WebSocket,
    retry: { initialDelayMs: 100, maxDelayMs: 2_000 },
  })
}
