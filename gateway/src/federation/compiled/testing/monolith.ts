import { buildSchema, isObjectType, type GraphQLSchema } from 'graphql'
import type { ShopData } from './shop-data.js'
import { shopRoots } from './shop-subgraphs.js'

/** What clients see, executed by graphql-js alone over the same records. */
export function createMonolith(apiSdl: string, data: ShopData): GraphQLSchema {
  const schema = buildSchema(apiSdl)
  for (const [root, resolvers] of Object.entries(shopRoots(data))) {
    const type = schema.getType(root)
    if (!isObjectType(type)) continue
    for (const [name, resolve] of Object.entries(resolvers)) {
      const field = type.getFields()[name]
      if (field !== undefined) field.resolve = resolve as NonNullable<typeof field.resolve>
    }
  }
  return schema
}
