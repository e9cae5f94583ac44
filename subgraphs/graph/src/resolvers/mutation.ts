import type { GraphQLContext } from '../context.js'
import { addPerson } from '../domain/add-person.js'
import { addRelationship } from '../domain/add-relationship.js'
import { importTree } from '../domain/import-tree.js'
import { linkPersonToStory } from '../domain/link-person-to-story.js'
import type { MutationResolvers } from '../generated/resolvers.js'

export const mutation: MutationResolvers = {
  addPerson: async (_parent, { input }, context) => ({
    person: await written(context, addPerson(context.writing, input)),
  }),
  addRelationship: async (_parent, { input }, context) => ({
    relationship: await written(context, addRelationship(context.writing, input)),
  }),
  linkPersonToStory: (_parent, { input }, context) =>
    written(context, linkPersonToStory(context.writing, input)),
  importTree: (_parent, { input }, context) => written(context, importTree(context.writing, input)),
}

/** Nothing that was read before a mutation is shown after it. */
async function written<T>({ loaders }: GraphQLContext, change: Promise<T>): Promise<T> {
  const outcome = await change
  loaders.forget()
  return outcome
}
