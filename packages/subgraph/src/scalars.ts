import { DateTimeISOResolver, JSONResolver } from 'graphql-scalars'

/** Resolvers of the scalars that subgraphs share. DateTime takes a Date or an RFC 3339 string. */
export const scalars = { DateTime: DateTimeISOResolver, JSON: JSONResolver }
