import type { AuditPage } from './route-audit.js'
import type { Scope } from './scope.js'

/** A page that would look at more than this many pages of other tenants' changes ends early. */
const maxPages = 20

/**
 * The audit trail, newest first: all of it for operators, for owners what is their own tenant's.
 * A page may have fewer entries than asked for, or none, with more to come.
 * @throws AppError FORBIDDEN, CURSOR_INVALID, BACKEND_UNAVAILABLE
 */
export async function listRouteAudits(
  { tenant, authorizer, routes }: Scope,
  page: { readonly limit: number; readonly token: string | null },
): Promise<AuditPage> {
  authorizer.require(tenant, 'route:read', { kind: 'Route', tenantId: tenant.tenantId })
  let token = page.token
  for (let read = 0; read < maxPages; read += 1) {
    const { items, next } = await routes.audits({ limit: page.limit, token })
    // Changing is asked, not reading: who reads a route for any tenant need not know who made it.
    const visible = items.filter(({ tenantId }) =>
      authorizer.allows(tenant, 'route:write', { kind: 'Route', tenantId }),
    )
    if (visible.length > 0 || next === null) return { items: visible, next }
    token = next
  }
  return { items: [], next: token }
}
