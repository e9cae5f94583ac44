import type { AuditReader } from '@heirloom/audit'
import type { RequestContext } from '@heirloom/subgraph'
import type { PeopleReader } from './domain/people-reader.js'
import type { Writing } from './domain/writing.js'
import type { Loaders } from './loaders.js'

/** What every resolver gets: made once per request, bound to the caller, and never kept longer. */
export interface GraphQLContext extends RequestContext {
  readonly reader: PeopleReader
  readonly writing: Writing
  readonly loaders: Loaders
  readonly audit: AuditReader
}
