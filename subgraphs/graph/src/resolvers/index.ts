import { scalars } from '@heirloom/subgraph'
import type { Resolvers } from '../generated/resolvers.js'
import { auditLog } from './audit-log.js'
import { legacy } from './legacy.js'
import { mutation } from './mutation.js'
import { person } from './person.js'
import { query } from './query.js'
import { relationship } from './relationship.js'
import { story } from './story.js'

export const resolvers: Resolvers = {
  DateTime: scalars.DateTime,
  Query: query,
  Mutation: mutation,
  AuditLog: auditLog,
  Legacy: legacy,
  Story: story,
  Person: person,
  Relationship: relationship,
}
