import type { TenantId } from '@heirloom/tenancy'

/** One change of a route; what it shows of the route has every secret redacted. */
export interface RouteAudit {
  readonly id: string
  readonly at: Date
  readonly by: string
  readonly action: 'saved' | 'deleted' | 'placed'
  readonly routeId: string
  /** Whose route it is or was; null: for any tenant. */
  readonly tenantId: TenantId | null
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
}

export interface AuditPage {
  readonly items: readonly RouteAudit[]
  readonly next: string | null
}
