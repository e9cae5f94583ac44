import { GraphQLScalarType } from 'graphql'
import { DateTimeISOResolver, JSONResolver } from 'graphql-scalars'

/** Resolvers of the scalars that subgraphs share. DateTime takes a Date or an RFC 3339 string. */
export const scalars = {
  // Under the library's own name, what introspection shows could not be asked for.
  DateTime: new GraphQLScalarType({ ...DateTimeISOResolver.toConfig(), name: 'DateTime' }),
  JSON: JSONResolver,
}
