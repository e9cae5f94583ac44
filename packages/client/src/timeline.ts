import { misuse } from './heirloom-error.js'
import type { Variables } from './http.js'
import type { StartQuery, SubscribeOptions } from './subscription.js'

export interface FollowOptions<Event> extends Omit<SubscribeOptions<Event>, 'start'> {
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

/** Fields to subscribe to whose present end can be asked for. */
const followed = {
  timeline: { end: 'timelineEnd', argument: 'legacyId' },
  eventStream: { end: 'streamEnd', argument: 'streamId' },
} as const
export type FollowedField = keyof typeof followed

const defaultSelection = 'id type occurredAt data'

export function followDocument(
  field: FollowedField,
  id: string,
  selection = defaultSelection,
): { readonly query: string; readonly variables: Variables; readonly start: StartQuery } {
  const { argument } = followed[field]
  if (id === '') throw misuse(`${argument} is empty`)
  return {
    query: `subscription Follow($id: ID!, $after: String) {
  ${field}(${argument}: $id, after: $after) { cursor ${selection} }
}`,
    variables: { id },
    start: endQuery(field, id),
  }
}

function endQuery(field: FollowedField, id: string): StartQuery {
  const { end, argument } = followed[field]
  return {
    query: `query PresentEnd($id: ID!) { ${end}(${argument}: $id) }`,
    variables: { id },
  }
}

/** The query for the present end of what the document follows, if it is known. */
export function startOf(query: string, variables: Variables): StartQuery | undefined {
  const root = /^[^{]*\{\s*(?:\w+\s*:\s*)?(timeline|eventStream)\s*\(([^)]*)\)/.exec(
    query.replace(/#[^\n\r]*/g, ' '),
  )
  if (root === null) return undefined
  const field = root[1] as FollowedField
  const given = new RegExp(
    `\\b${followed[field].argument}\\s*:\\s*(?:\\$(\\w+)|("(?:\\\\.|[^"\\\\])*"))`,
  ).exec(root[2] ?? '')
  const value: unknown = given?.[1] === undefined ? literal(given?.[2]) : variables[given[1]]
  return typeof value === 'string' && value !== '' ? endQuery(field, value) : undefined
}

function literal(text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? 'null')
  } catch {
    return undefined
  }
}
