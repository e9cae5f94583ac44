import { createHash, randomBytes } from 'node:crypto'

const secretBytes = 32
const pattern = /^[\w-]{43}$/

/** 256 random bits that only the browser keeps. */
export function newSecret(): string {
  return randomBytes(secretBytes).toString('base64url')
}

/** What is stored in place of a secret; a stolen table opens no session. */
export function hashSecret(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

export function isSecret(value: string | undefined): value is string {
  return value !== undefined && pattern.test(value)
}
