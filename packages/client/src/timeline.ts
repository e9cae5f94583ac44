import { misuse } from './heirloom-error.js'
import type { SubscribeOptions } from './subscription.js'

export interface FollowOptions<Event> extends Omit<
  SubscribeOptions<Event>,
  'query' | 'variables' | 'start'
> {
  /** Fields of StreamEvent beside `cursor`; by default `id type occurredAt data`. */
  readonly selection?: string
}

/** What the default selection gives. */
export interface TimelineEvent {
  readonly cursor: string
  readonly id: string
  readonly type: string
  readonly occurredAt: string
  readonly data: unknown
}

interface FollowedField {
  readonly subscription: string
  readonly end: string
  readonly argument: string
}

export const timelineField: FollowedField = {
  subscription: 'timeline',
  end: 'timelineEnd',
  argument: 'legacyId',
}
export const streamField: FollowedField = {
  subscription: 'eventStream',
  end: 'streamEnd',
  argument: 'streamId',
}

const defaultSelection = 'id type occurredAt data'

export function followOptions<Event>(
  { subscription, end, argument }: FollowedField,
  id: string,
  { selection = defaultSelection, ...options }: FollowOptions<Event>,
): SubscribeOptions<Event> {
  if (id === '') throw misuse(`${argument} is empty`)
  return {
    ...options,
    query: `subscription Follow($id: ID!, $after: String) {
  ${subscription}(${argument}: $id, after: $after) { cursor ${selection} }
}`,
    variables: { id },
    start: {
      query: `query PresentEnd($id: ID!) { ${end}(${argument}: $id) }`,
      variables: { id },
    },
  }
}
