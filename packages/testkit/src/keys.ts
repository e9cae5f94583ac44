import { createLocalJWKSet, exportJWK, generateKeyPair, type JSONWebKeySet } from 'jose'
import {
  createInternalTokenVerifier,
  mintInternalToken,
  type SigningKey,
  type TenantContext,
  type VerifyInternalToken,
} from '@heirloom/tenancy'

export interface TestKeys {
  /** What a subgraph verifies internal tokens with; `audience` is its name. */
  verifier(audience: string): VerifyInternalToken
  /** The token alone, without "Bearer ". */
  token(audience: string, context: TenantContext, now?: () => number): Promise<string>
  readonly jwks: JSONWebKeySet
  readonly signingKey: SigningKey
}

/** A gateway's signing key and its public set, made for one test file. */
export async function testKeys(): Promise<TestKeys> {
  const kid = 'test'
  const { privateKey, publicKey } = await generateKeyPair('EdDSA', {
    crv: 'Ed25519',
    extractable: true,
  })
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'EdDSA', use: 'sig' }] }
  const signingKey = { kid, privateKey }
  return {
    verifier: (audience) => createInternalTokenVerifier(createLocalJWKSet(jwks), audience),
    token: (audience, context, now) => mintInternalToken(signingKey, audience, context, now),
    jwks,
    signingKey,
  }
}
