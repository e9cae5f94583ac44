import type { TenantContext } from '@heirloom/tenancy'

/** What every resolver's context is made from: the verified caller, once per request. */
export interface RequestContext {
  readonly tenant: TenantContext
  /** The verified Authorization header, to ask a peer subgraph on the caller's behalf. */
  readonly authorization: string
}

export function requestContext(tenant: TenantContext, authorization: string): RequestContext {
  return { tenant, authorization }
}
