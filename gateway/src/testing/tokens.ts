import { SignJWT, type CryptoKey, type JWTHeaderParameters, type JWTPayload } from 'jose'

export interface TokenKey {
  readonly kid: string
  readonly key: CryptoKey | Uint8Array
}

/** A token with exactly these claims: what is undefined is not there. */
export function signedBy(
  { kid, key }: TokenKey,
  claims: JWTPayload,
  header: Partial<JWTHeaderParameters> = {},
): Promise<string> {
  const present = Object.fromEntries(
    Object.entries(claims).filter(([, value]) => value !== undefined),
  )
  return new SignJWT(present).setProtectedHeader({ alg: 'RS256', kid, ...header }).sign(key)
}
