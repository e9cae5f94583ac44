import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { importJWK, type JWK } from 'jose'
import { mintInternalToken, type TenantContext } from '@heirloom/tenancy'
import { graphqlClient, type GraphQLClient, type System } from '@heirloom/testkit'

/** Where the subgraphs of a running system listen: the ports after the gateway's and three others. */
const firstSubgraph = 4

/**
 * Speaks to one subgraph of a running system as if it were the gateway: with a token that the
 * system's own key signed, and whatever roles are asked for.
 */
export async function internalCallers(
  system: System,
  names: readonly string[],
): Promise<(subgraph: string, as: TenantContext) => GraphQLClient> {
  const text = await readFile(join(system.dataDir, 'secrets', 'internal-keys.json'), 'utf8')
  const [jwk] = (JSON.parse(text) as { readonly keys: readonly (JWK & { kid: string })[] }).keys
  if (jwk === undefined) throw new Error('the system has no key')
  const privateKey = await importJWK({ ...jwk, alg: 'EdDSA' }, 'EdDSA')
  if (privateKey instanceof Uint8Array) throw new Error('the key of the system is no private key')
  const port = Number(new URL(system.url).port)
  return (subgraph, as) => async (query, variables) => {
    const token = await mintInternalToken({ kid: jwk.kid, privateKey }, names, as)
    const url = `http://127.0.0.1:${port + firstSubgraph + names.indexOf(subgraph)}/graphql`
    return graphqlClient(url, token)(query, variables)
  }
}
