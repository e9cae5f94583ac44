import type { ClientCredentials, EmbeddedOidcProvider } from '../oidc.js'
import { writeSecret } from '../secrets.js'

/** What the `heirloom` command reads to act on this system. */
export interface CliFile {
  readonly gatewayUrl: string
  readonly tokenUrl: string
  readonly audience: string
  /** By tenant id. */
  readonly clients: Readonly<Record<string, ClientCredentials>>
}

export async function writeCliFile(
  path: string,
  gatewayUrl: string,
  oidc: EmbeddedOidcProvider,
): Promise<void> {
  const { tokenUrl, audience, cliClients: clients } = oidc
  const file: CliFile = { gatewayUrl, tokenUrl, audience, clients }
  await writeSecret(path, `${JSON.stringify(file, undefined, 2)}\n`)
}
