import { kindredOf } from '../domain/kindred.js'
import type { PersonResolvers } from '../generated/resolvers.js'

const defaultGenerations = 4

export const person: PersonResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.people.load(id),

  legacy: ({ legacyId }) => ({ id: legacyId }),
  parents: ({ id }, _args, { loaders }) => loaders.parents.load(id),
  children: ({ id }, _args, { loaders }) => loaders.children.load(id),
  partners: ({ id }, _args, { loaders }) => loaders.partners.load(id),
  ancestors: ({ id }, { maxGenerations }, { reader }) =>
    kindredOf(reader, id, 'ancestors', maxGenerations ?? defaultGenerations),
  descendants: ({ id }, { maxGenerations }, { reader }) =>
    kindredOf(reader, id, 'descendants', maxGenerations ?? defaultGenerations),
  stories: ({ id }, _args, { loaders }) => loaders.storiesOfPerson.load(id),
}
