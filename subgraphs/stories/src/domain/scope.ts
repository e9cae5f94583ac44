import type { Authorizer } from '@heirloom/authz'
import type { NewId, TenantContext } from '@heirloom/tenancy'
import type { StoriesStore } from './ports.js'

/** What every use case is handed: who asks, what they may do, and the data of their tenant. */
export interface Scope {
  readonly tenant: TenantContext
  readonly authorizer: Authorizer
  readonly store: StoriesStore
  readonly newId: NewId
  readonly now: () => Date
  /** Seals a secret so that the mailer alone can read it; null where there is no mailer. */
  readonly sealForMailer: (secret: string) => Promise<string | null>
}
