import type { RequestContext } from '@heirloom/subgraph'
import type { Scope } from './domain/search-stories.js'

/** What every resolver gets: made once per request, and never kept longer. */
export interface GraphQLContext extends RequestContext {
  readonly scope: Scope
}
