/** The tables of this service as kysely sees them. */
export interface PluginDatabase {
  readonly plugin: PluginTable
}

export interface PluginTable {
  readonly tenant_id: string
  readonly id: string
  readonly name: string
  readonly version: string
  readonly base_url: string
  readonly capabilities: readonly string[]
  readonly status: 'REGISTERED' | 'ENABLED' | 'DISABLED'
  readonly created_at: Date
}
