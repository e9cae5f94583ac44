import type { Mode, Role } from '@heirloom/tenancy'

/** The people and archives that a laptop's identity provider knows. All of it is for show. */
export interface DemoUser {
  /** Stable, because data that was written under it refers to it. */
  readonly subject: string
  readonly email: string
  readonly name: string
  readonly role: Role
}

export interface DemoTenant {
  readonly tenantId: string
  readonly name: string
  readonly mode: Mode
  readonly users: readonly DemoUser[]
  /** What the tenant's command-line client may do. */
  readonly cliRole: Role
}

/** Everybody's, and no secret: the provider serves loopback alone. */
export const demoPassword = 'heirloom'

export const systemTenantId = 't_system'

export const demoTenants: readonly DemoTenant[] = [
  {
    tenantId: 't_haworth',
    name: 'Haworth Archive',
    mode: 'saas',
    cliRole: 'owner',
    users: [
      user('01JD0HAW0RTH0CHAR10TTE0001', 'charlotte@haworth.test', 'Charlotte', 'owner'),
      user('01JD0HAW0RTH0EM11Y00000002', 'emily@haworth.test', 'Emily', 'editor'),
      user('01JD0HAW0RTH0ANNE000000003', 'anne@haworth.test', 'Anne', 'contributor'),
      user('01JD0HAW0RTH0G0EST00000004', 'guest@haworth.test', 'A visitor to Haworth', 'viewer'),
    ],
  },
  {
    tenantId: 't_downe',
    name: 'Down House Archive',
    mode: 'saas',
    cliRole: 'owner',
    users: [
      user('01JD0D0WNE00EMMA0000000001', 'emma@downe.test', 'Emma', 'owner'),
      user('01JD0D0WNE00FRANC1S0000002', 'francis@downe.test', 'Francis', 'editor'),
      user('01JD0D0WNE00HENR1ETTA00003', 'henrietta@downe.test', 'Henrietta', 'contributor'),
      user('01JD0D0WNE00G0EST000000004', 'guest@downe.test', 'A visitor to Downe', 'viewer'),
    ],
  },
  {
    tenantId: systemTenantId,
    name: 'Heirloom operations',
    mode: 'system',
    cliRole: 'operator',
    users: [user('01JD0SYSTEM00PERAT0R000001', 'operator@heirloom.test', 'Operator', 'operator')],
  },
]

function user(id: string, email: string, name: string, role: Role): DemoUser {
  return { subject: id, email, name, role }
}
