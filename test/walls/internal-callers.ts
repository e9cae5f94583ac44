import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createClient } from 'graphql-ws'
import { importJWK, type JWK } from 'jose'
import { WebSocket } from 'ws'
import { mintInternalToken, type TenantContext } from '@heirloom/tenancy'
import { graphqlClient, type GraphQLClient, type System } from '@heirloom/testkit'
import type { Operation } from '../support/operations.js'

export interface InternalCallers {
  ask(subgraph: string, as: TenantContext): GraphQLClient
  /** The code that a subscription is refused with, or what it says first; null for silence. */
  firstOf(subgraph: string, as: TenantContext, operation: Operation): Promise<unknown>
}

/** Where the subgraphs of a running system listen: the ports after the gateway's and three others. */
const firstSubgraph = 4
const patienceMs = 5_000

/**
 * Speaks to one subgraph of a running system as if it were the gateway: with a token that the
 * system's own key signed, and whatever roles are asked for.
 */
export async function internalCallers(
  system: System,
  names: readonly string[],
): Promise<InternalCallers> {
  const text = await readFile(join(system.dataDir, 'secrets', 'internal-keys.json'), 'utf8')
  const [jwk] = (JSON.parse(text) as { readonly keys: readonly (JWK & { kid: string })[] }).keys
  if (jwk === undefined) throw new Error('the system has no key')
  const { kid } = jwk
  const privateKey = await importJWK({ ...jwk, alg: 'EdDSA' }, 'EdDSA')
  if (privateKey instanceof Uint8Array) throw new Error('the key of the system is no private key')
  const port = Number(new URL(system.url).port)
  const address = (subgraph: string) =>
    `127.0.0.1:${port + firstSubgraph + names.indexOf(subgraph)}/graphql`
  const token = (as: TenantContext) => mintInternalToken({ kid, privateKey }, names, as)

  return {
    ask: (subgraph, as) => async (query, variables) =>
      graphqlClient(`http://${address(subgraph)}`, await token(as))(query, variables),

    firstOf: async (subgraph, as, { document, variables }) => {
      const client = createClient({
        url: `ws://${address(subgraph)}`,
        webSocketImpl: WebSocket,
        connectionParams: { authorization: `Bearer ${await token(as)}` },
        retryAttempts: 0,
      })
      const first = await new Promise((resolve) => {
        setTimeout(() => resolve(null), patienceMs).unref()
        client.subscribe(
          { query: document, variables },
          {
            next: (said) => resolve(said.errors === undefined ? said.data : codeOf(said.errors)),
            error: (error) => resolve(codeOf(error)),
            complete: () => resolve(null),
          },
        )
      })
      await client.dispose()
      return first
    },
  }
}

function codeOf(errors: unknown): unknown {
  const [first] = [errors].flat() as { readonly extensions?: { readonly code?: string } }[]
  return first?.extensions?.code ?? first
}
