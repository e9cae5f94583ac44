import { AppError } from '@heirloom/errors'
import type { Person } from '../domain/person.js'
import type { RelationshipResolvers } from '../generated/resolvers.js'
import type { Loaders } from '../loaders.js'

export const relationship: RelationshipResolvers = {
  __resolveReference: ({ id }, { loaders }) => loaders.relationships.load(id),

  from: ({ fromId }, _args, { loaders }) => endOf(loaders, fromId),
  to: ({ toId }, _args, { loaders }) => endOf(loaders, toId),
}

async function endOf(loaders: Loaders, id: string): Promise<Person> {
  const person = await loaders.people.load(id)
  if (person !== null) return person
  throw new AppError('NOT_FOUND', `there is no Person with the id "${id}" for you to read`)
}
