import { isUlid, type Ulid } from '@heirloom/tenancy'

declare const brand: unique symbol
export type PluginId = Ulid & { readonly [brand]: 'PluginId' }

export type PluginStatus = 'REGISTERED' | 'ENABLED' | 'DISABLED'

/** A plugin service that a tenant has registered. It runs elsewhere and is reached over HTTP. */
export interface Plugin extends PluginFacts {
  readonly id: PluginId
  readonly status: PluginStatus
  readonly createdAt: Date
}

/** What a registration says about a plugin. */
export interface PluginFacts {
  /** Unique in the tenant. */
  readonly name: string
  readonly version: string
  readonly baseUrl: string
  readonly capabilities: readonly string[]
}

/** An id as a client wrote it; null when it is malformed, which is as good as unknown. */
export const pluginId = (text: string) => (isUlid(text) ? (text as PluginId) : null)
