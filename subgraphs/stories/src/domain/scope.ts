import type { Authorizer, Explainer } from '@heirloom/authz'
import type { NewId, TenantContext, TenantId } from '@heirloom/tenancy'
import type { Reads, StoriesStore } from './ports.js'

/** What every use case is handed: who asks, what they may do, and the data of their tenant. */
export interface Scope {
  readonly tenant: TenantContext
  readonly authorizer: Authorizer
  readonly store: StoriesStore
  readonly explain: Explainer
  /** Reads of any tenant: for those whom a policy lets ask about it. */
  readonly readsOf: (tenantId: TenantId) => Reads
  readonly newId: NewId
  readonly now: () => Date
  /** Seals a secret so that the mailer alone can read it; null where there is no mailer. */
  readonly sealForMailer: (secret: string) => Promise<string | null>
}
