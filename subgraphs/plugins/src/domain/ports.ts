import type { Plugin, PluginId } from './plugin.js'

/**
 * Whether a host of a URL can be one on the public Internet: a public literal address, or a name
 * that is not reserved for local use. No name is resolved. `hostname` comes from WHATWG's URL,
 * which has already turned 0x7f.1 and 2130706433 into 127.0.0.1.
 */
export type IsPublicHost = (hostname: string) => boolean

/**
 * The plugins of one tenant; the store is bound to it when it is obtained. Every method may throw
 * BACKEND_UNAVAILABLE, TIMEOUT and CONFLICT.
 */
export interface PluginStore {
  /** In any order; what is not there is left out. */
  find(ids: readonly PluginId[]): Promise<readonly Plugin[]>
  /** In ULID order, after `after` (exclusive). */
  page(page: { after: PluginId | undefined; limit: number }): Promise<readonly Plugin[]>
  /**
   * Adds the plugin, or changes the one of the same name to what it says now; atomic, also beside
   * another registration of the name. A change takes back to REGISTERED: what was granted was
   * granted to another version, at another address or with other capabilities. A repeat that
   * changes nothing leaves the status alone. Resolves to what is stored: id and createdAt are
   * those of the first registration.
   */
  register(plugin: Plugin): Promise<Plugin>
}
