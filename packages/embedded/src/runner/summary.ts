import { demoPassword, demoTenants } from '../demo-tenants.js'
import type { SystemFacts } from './system.js'

/** What a person who has just started Heirloom wants to know. */
export function summary(facts: SystemFacts, seconds: string): string {
  const users = demoTenants.map(
    ({ name, users }) =>
      `    ${name}: ${users.map(({ email, role }) => `${email} (${role})`).join(', ')}`,
  )
  return `
Heirloom is ready (${seconds} s).

  Gateway    ${facts.gatewayUrl}
  GraphiQL   ${facts.gatewayUrl}/graphiql
  Sign in    ${facts.gatewayUrl}/auth/login
  Data       ${facts.dataDir}

  Demo users, all with the password "${demoPassword}":
${users.join('\n')}

  Try:
    1. Open ${facts.gatewayUrl}, sign in as charlotte@haworth.test, and run the query that is there.
    2. Follow a timeline in one window and publish a story in another.
    3. npm run heirloom -- import gedcom FILE --tenant t_haworth

  Stop with Ctrl-C.
`
}
