import type { TenantId } from '@heirloom/tenancy'

/** One customer of the platform. Its row appears with the first thing that happens in it. */
export interface Tenant {
  readonly id: TenantId
  readonly name: string
  readonly createdAt: Date
}
