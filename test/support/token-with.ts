import { createPrivateKey, sign, type JsonWebKey } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { System } from '@heirloom/testkit'

/**
 * A Bearer token of a tenant with claims of one's own: roles, for example, that no demo client has.
 * It is signed with the key of the running system's own provider.
 */
export async function tokenWith(
  system: System,
  tenantId: string,
  claims: Readonly<Record<string, unknown>>,
): Promise<string> {
  const [header = '', payload = ''] = (await system.token(tenantId)).split('.')
  const secrets = await readFile(join(system.dataDir, 'secrets', 'oidc-secrets.json'), 'utf8')
  const { signingKey } = JSON.parse(secrets) as { readonly signingKey: JsonWebKey }
  const issued = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
  const changed = Buffer.from(JSON.stringify({ ...issued, ...claims })).toString('base64url')
  const signed = `${header}.${changed}`
  const key = createPrivateKey({ key: signingKey, format: 'jwk' })
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`
}
