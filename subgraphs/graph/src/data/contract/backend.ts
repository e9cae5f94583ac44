import type { DomainEvent } from '@heirloom/events'
import type { TenantContext } from '@heirloom/tenancy'
import type { GraphAdapter } from '../../domain/ports.js'

/** What the contract needs of a backend: its adapter for a tenant, and what it announced. */
export interface GraphBackend {
  adapter(context: TenantContext): GraphAdapter
  events(context: TenantContext): Promise<readonly DomainEvent[]>
  close(): Promise<void>
}
