import { rightsKey } from '@heirloom/authz/rights-key'
import { newTraceparent } from '@heirloom/telemetry'
import { mintInternalToken, type SigningKey, type TenantContext } from '@heirloom/tenancy'
import type { Caller } from './subgraph-request.js'

export type CreateCaller = (tenant: TenantContext) => Caller

/**
 * Callers whose tokens are minted on first use, one per subgraph. A token lives for a minute, so
 * a caller must not be kept for longer than a request, or one event of a subscription.
 * `asks` names, per subgraph, the subgraphs that it may ask on the caller's behalf.
 */
export function createCallerFactory(
  key: SigningKey,
  asks: ReadonlyMap<string, readonly string[]>,
  now?: () => number,
): CreateCaller {
  return (tenant) => {
    const minted = new Map<string, Promise<Readonly<Record<string, string>>>>()
    return {
      requestId: tenant.requestId,
      traceparent: tenant.traceparent ?? newTraceparent(),
      rights: rightsKey(tenant),
      // All that a token says of the caller, and nothing of the request.
      identity: JSON.stringify({ ...tenant, requestId: '', traceparent: '', source: null }),
      headersFor: (subgraph) => {
        const audience = [subgraph, ...(asks.get(subgraph) ?? [])]
        const headers =
          minted.get(subgraph) ??
          mintInternalToken(key, audience, tenant, now).then((token) => ({
            authorization: `Bearer ${token}`,
          }))
        minted.set(subgraph, headers)
        return headers
      },
    }
  }
}
