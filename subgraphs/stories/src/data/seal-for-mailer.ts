import { CompactEncrypt } from 'jose'
import type { Scope } from '../domain/scope.js'

/** Seals as a compact JWE (RFC 7516), directly with the 256-bit key that the mailer has too. */
export function createSealForMailer(key: Buffer): Scope['sealForMailer'] {
  return (secret) =>
    new CompactEncrypt(Buffer.from(secret, 'utf8'))
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
      .encrypt(key)
}
