import type { GraphQLFormattedError } from 'graphql'

/** A small system of subgraphs that shows one feature, and what has to come of operations. */
export interface Feature {
  readonly name: string
  readonly subgraphs: Readonly<Record<string, SubgraphOfFeature>>
  readonly cases: readonly Case[]
}

export interface SubgraphOfFeature {
  /** Without the link to the Federation specification. */
  readonly sdl: string
  readonly resolvers: object
}

export interface Case {
  readonly title: string
  readonly query: string
  readonly variables?: Readonly<Record<string, unknown>>
  readonly data: unknown
  /** Where errors happened, as `message at path`; none when not given. */
  readonly errors?: readonly string[]
  /** The subgraphs that are asked, in order; any when not given. */
  readonly asked?: readonly string[]
  /** What the reference executor is known to get wrong here, and why it is not compared. */
  readonly referenceFault?: string
}

/** Features whose supergraphs Hive's planner does not read. */
export const withoutHive: readonly string[] = ['@override, whole and by share']

export function feature(
  name: string,
  subgraphs: Feature['subgraphs'],
  ...cases: readonly Case[]
): Feature {
  return { name, subgraphs, cases }
}

export function placed({ message, path }: GraphQLFormattedError): string {
  return path === undefined ? message : `${message} at ${path.join('.')}`
}
