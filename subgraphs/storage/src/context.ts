import type { AuditReader } from '@heirloom/audit'
import type { RequestContext } from '@heirloom/subgraph'
import type { Scope } from './domain/scope.js'

/** What every resolver gets: made once per request, or per operation of a socket. */
export interface GraphQLContext extends RequestContext {
  readonly scope: Scope
  readonly audit: AuditReader
}
