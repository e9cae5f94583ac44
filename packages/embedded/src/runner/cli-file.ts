import type { ClientCredentials, EmbeddedOidcProvider } from '../oidc.js'
import { writeSecret } from '../secrets.js'

/** What the `heirloom` command reads to act on this system. */
export interface CliFile {
  readonly gatewayUrl: string
  readonly tokenUrl: string
  readonly audience: string
  /** By tenant id. */
  readonly clients: Readonly<Record<string, ClientCredentials>>
  /** Addresses, as the worker role, of the databases that have an audit log. */
  readonly auditDatabases: readonly string[]
}

export async function writeCliFile(
  path: string,
  gatewayUrl: string,
  oidc: EmbeddedOidcProvider,
  auditDatabases: readonly string[],
): Promise<void> {
  const { tokenUrl, audience, cliClients: clients } = oidc
  const file: CliFile = { gatewayUrl, tokenUrl, audience, clients, auditDatabases }
  await writeSecret(path, `${JSON.stringify(file, undefined, 2)}\n`)
}
