import { readFileSync } from 'node:fs'
import { importJWK, type JSONWebKeySet, type JWK } from 'jose'
import { AppError } from '@heirloom/errors'
import type { SigningKey } from '@heirloom/tenancy'

export interface InternalKeys {
  readonly signing: SigningKey
  /** What subgraphs verify with: every key of the file, so that keys can be rotated. */
  readonly publicSet: JSONWebKeySet
}

/** @throws AppError INVALID_INPUT for a file that is no JWK Set of private Ed25519 keys */
export async function readInternalKeys(file: string): Promise<InternalKeys> {
  const keys = privateKeys(readFileSync(file, 'utf8'))
  const [first] = keys
  if (first?.kid === undefined) throw invalid()
  const privateKey = await importJWK({ ...first, alg: 'EdDSA' }, 'EdDSA')
  if (privateKey instanceof Uint8Array) throw invalid()
  return {
    signing: { kid: first.kid, privateKey },
    publicSet: { keys: keys.map(publicPart) },
  }
}

function privateKeys(text: string): readonly JWK[] {
  const { keys } = JSON.parse(text) as Partial<JSONWebKeySet>
  const isUsable = (key: JWK) =>
    key.kty === 'OKP' && key.crv === 'Ed25519' && key.d !== undefined && key.kid !== undefined
  if (!Array.isArray(keys) || keys.length === 0 || !keys.every(isUsable)) throw invalid()
  return keys
}

function publicPart({ kty, crv, x, kid }: JWK): JWK {
  return {
    ...(kty === undefined ? {} : { kty }),
    ...(crv === undefined ? {} : { crv }),
    ...(x === undefined ? {} : { x }),
    ...(kid === undefined ? {} : { kid }),
    alg: 'EdDSA',
    use: 'sig',
  }
}

function invalid(): AppError {
  return new AppError(
    'INVALID_INPUT',
    'INTERNAL_KEYS_FILE must hold a JWK Set of private Ed25519 keys, each with a kid',
  )
}
