import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { AppError } from '@heirloom/errors'
import type { SessionKey } from '../config.js'

export interface Sealed {
  readonly key_id: string
  readonly sealed: Buffer
}

/** Encrypts JSON with the first key; decrypts with whichever key it was encrypted with. */
export interface Keyring {
  seal(value: unknown, boundTo: Buffer): Sealed
  /** Undefined when the key has been retired, or the text was tampered with. */
  open(sealed: Sealed, boundTo: Buffer): unknown
}

const cipher = 'aes-256-gcm'
// NIST SP 800-38D, section 8.2.2: a random nonce of 96 bits, for fewer than 2^32 texts a key.
const nonceBytes = 12
const tagBytes = 16

/** AES-256-GCM. `boundTo` is authenticated with the text, so that rows cannot be swapped. */
export function createKeyring(keys: readonly SessionKey[]): Keyring {
  const [current] = keys
  if (current === undefined) throw new AppError('INVALID_INPUT', 'there is no session key')
  return {
    seal: (value, boundTo) => {
      const nonce = randomBytes(nonceBytes)
      const encrypt = createCipheriv(cipher, current.key, nonce).setAAD(boundTo)
      const text = Buffer.concat([encrypt.update(JSON.stringify(value)), encrypt.final()])
      return { key_id: current.kid, sealed: Buffer.concat([nonce, encrypt.getAuthTag(), text]) }
    },
    open: ({ key_id: kid, sealed }, boundTo) => {
      const found = keys.find((key) => key.kid === kid)
      if (found === undefined) return undefined
      const nonce = sealed.subarray(0, nonceBytes)
      const tag = sealed.subarray(nonceBytes, nonceBytes + tagBytes)
      try {
        const decrypt = createDecipheriv(cipher, found.key, nonce, { authTagLength: tagBytes })
        decrypt.setAAD(boundTo).setAuthTag(tag)
        const text = [decrypt.update(sealed.subarray(nonceBytes + tagBytes)), decrypt.final()]
        return JSON.parse(Buffer.concat(text).toString('utf8')) as unknown
      } catch {
        return undefined
      }
    },
  }
}
