import type DataLoader from 'dataloader'
import type { AuditReader } from '@heirloom/audit'
import type { RequestContext } from '@heirloom/subgraph'
import type { Plugin } from './domain/plugin.js'
import type { PluginScope } from './domain/plugins.js'

export interface GraphQLContext extends RequestContext {
  readonly scope: PluginScope
  readonly audit: AuditReader
  /** Readable plugins by id. */
  readonly plugins: DataLoader<string, Plugin | null>
}
