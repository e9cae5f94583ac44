import type { TenantId } from '@heirloom/tenancy'

/** What can be wrong with an audit log; docs/audit.md says what each means. */
export type FindingKind =
  | 'ALTERED'
  | 'ENTRY_REMOVED'
  | 'LINK_REMOVED'
  | 'CHAIN_BROKEN'
  | 'CUT_OFF'
  | 'REWRITTEN'
  | 'NOT_QUEUED'
  | 'NOT_SEALED'

export interface Finding {
  readonly kind: FindingKind
  readonly tenantId: TenantId
  readonly position?: number
  readonly entryId?: string
  readonly message: string
}
