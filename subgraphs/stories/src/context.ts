import type { AuditReader } from '@heirloom/audit'
import type { RequestContext } from '@heirloom/subgraph'
import type { Scope } from './domain/scope.js'
import type { Loaders } from './loaders.js'

/** What every resolver gets: made once per request, and never kept longer. */
export interface GraphQLContext extends RequestContext {
  readonly scope: Scope
  readonly loaders: Loaders
  readonly audit: AuditReader
}
