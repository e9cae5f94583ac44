import { defineCommand } from '../command.js'
import { findCliFile } from '../connection/cli-file.js'
import { fetchAccessToken } from '../connection/client-credentials.js'
import { connectionOptions, noSystem, tenantOf } from '../connection/connect.js'

export const token = defineCommand({
  words: ['token'],
  summary: 'print a Bearer token of a tenant, for curl and other programs',
  arguments: [],
  options: {
    tenant: connectionOptions.tenant,
    'data-dir': connectionOptions['data-dir'],
    json: { type: 'boolean', help: 'print the token with its time of expiry as JSON' },
  },
  description: `Asks the identity provider for an access token by the tenant's client credentials,
and prints nothing else. It is good for about an hour.`,
  examples: [
    'heirloom token --tenant t_haworth',
    'curl -H "authorization: Bearer $(npm run -s heirloom -- token --tenant t_haworth)" \\',
    `  -H 'content-type: application/json' -d '{"query":"{ viewer { roles } }"}' http://127.0.0.1:4000/graphql`,
  ],
  run: async ({ values }, terminal) => {
    const file = await findCliFile(terminal.cwd, values['data-dir'])
    if (file === null) throw noSystem()
    const { token: text, expiresAt } = await fetchAccessToken(file, tenantOf(values.tenant, file))
    const json = JSON.stringify({ token: text, expires_at: expiresAt.toISOString() })
    terminal.out(`${values.json === true ? json : text}\n`)
  },
})
