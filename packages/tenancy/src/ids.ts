import { monotonicFactory } from 'ulid'
import { AppError } from '@heirloom/errors'

declare const brand: unique symbol
type Brand<Name extends string> = { readonly [brand]: Name }

export type TenantId = string & Brand<'TenantId'>
export type ActorId = string & Brand<'ActorId'>
export type Ulid = string & Brand<'Ulid'>

// Lower case letters, digits, - and _: safe in keys, in file names and in SQL literals.
const tenantIdPattern = /^[a-z0-9][a-z0-9_-]{1,62}$/
const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** @throws AppError INVALID_INPUT */
export function tenantId(value: string): TenantId {
  if (!tenantIdPattern.test(value)) {
    throw new AppError('INVALID_INPUT', `"${value.slice(0, 64)}" is not a tenant id`)
  }
  return value as TenantId
}

export function isUlid(value: unknown): value is Ulid {
  return typeof value === 'string' && ulidPattern.test(value)
}

export type NewId = () => Ulid

/**
 * ULIDs (https://github.com/ulid/spec): 48 bits of milliseconds, then 80 random bits. Within one
 * factory they are strictly increasing even inside a millisecond.
 */
export function createIds(now: () => number = Date.now): NewId {
  const next = monotonicFactory(pooledRandom)
  return () => next(now()) as Ulid
}

// ulid asks the kernel sixteen times for each id that begins a millisecond; this asks seldom.
const pool = new Uint8Array(4_096)
let used = pool.length

/** At least 0 and less than 1: the 256 values that a byte can tell apart, all equally likely. */
function pooledRandom(): number {
  if (used === pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  const byte = pool[used] ?? 0
  used += 1
  return byte / 256
}
