import { blake3 } from '@noble/hashes/blake3.js'
import type { TenantId } from '@heirloom/tenancy'

/** Where a call works: names were checked, and none of them contains `/` or `:`. */
export interface Scope {
  readonly tenant: TenantId
  readonly database: string
}

const hashBytes = 16

/** 128 bits of BLAKE3 in hex: even among 2^40 paths a collision is less likely than 1 in 2^48. */
export function hash128(text: string): string {
  return Buffer.from(blake3(Buffer.from(text, 'utf8'), { dkLen: hashBytes })).toString('hex')
}

/** The same path has another id in another database. */
export function databaseId(database: string, text: string): string {
  return `${database}:${hash128(text)}`
}

/**
 * For backends whose keys have no column for the tenant. Neither a tenant id nor a database has a
 * `/` or `:`, so that no two scopes share a key, and a scope's keys have one prefix.
 */
export function scopedId({ tenant }: Scope, id: string): string {
  return `${tenant}/${id}`
}

export function scopePrefix({ tenant, database }: Scope): string {
  return `${tenant}/${database}:`
}
