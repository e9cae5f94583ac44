import { timingSafeEqual } from 'node:crypto'
import { demoPassword, demoTenants, type DemoTenant, type DemoUser } from '../demo-tenants.js'

export interface Account {
  readonly user: DemoUser
  readonly tenant: DemoTenant
}

/** The claims that tell Heirloom who asks, for which tenant, with which roles. */
export interface HeirloomClaims {
  readonly tenant_id: string
  readonly tenant_name: string
  readonly mode: string
  readonly roles: readonly string[]
  readonly name: string
  /** Who signs in here owns the address: for invitations. */
  readonly email?: string
  readonly email_verified?: boolean
}

const accounts: readonly Account[] = demoTenants.flatMap((tenant) =>
  tenant.users.map((user) => ({ user, tenant })),
)

export function accountBySubject(subject: string): Account | undefined {
  return accounts.find(({ user }) => user.subject === subject)
}

export function signIn(email: string, password: string): Account | undefined {
  const wanted = email.trim().toLowerCase()
  const account = accounts.find(({ user }) => user.email === wanted)
  return isDemoPassword(password) ? account : undefined
}

export function accountClaims({ user, tenant }: Account): HeirloomClaims {
  const { role, name, email } = user
  return { ...tenantClaims(tenant), roles: [role], name, email, email_verified: true }
}

export const cliSubject = 'service:cli'

export function cliClaims(tenant: DemoTenant): HeirloomClaims {
  return { ...tenantClaims(tenant), roles: [tenant.cliRole], name: 'heirloom command line' }
}

function tenantClaims(tenant: DemoTenant) {
  return { tenant_id: tenant.tenantId, tenant_name: tenant.name, mode: tenant.mode }
}

function isDemoPassword(password: string): boolean {
  const given = Buffer.from(password)
  const expected = Buffer.from(demoPassword)
  return given.length === expected.length && timingSafeEqual(given, expected)
}
