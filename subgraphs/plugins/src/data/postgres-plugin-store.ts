import type { Selectable } from 'kysely'
import type { AuditWriter } from '@heirloom/audit'
import type { TenantDatabase } from '@heirloom/postgres'
import type { TenantContext } from '@heirloom/tenancy'
import type { Plugin, PluginId } from '../domain/plugin.js'
import type { PluginStore } from '../domain/ports.js'
import type { PluginDatabase, PluginTable } from './schema.js'

/**
 * PluginStore on one table under row-level security. Registration is one INSERT … ON CONFLICT on
 * the unique name, whose update is conditional: no row comes back when nothing would change.
 */
export function createPostgresPluginStore(
  database: TenantDatabase<PluginDatabase>,
  context: TenantContext,
  audit: AuditWriter,
): PluginStore {
  const tenantId = database.tenantId

  return {
    find: (ids) =>
      database.transaction(async (trx) => {
        const rows = await trx
          .selectFrom('plugin')
          .selectAll()
          .where('tenant_id', '=', tenantId)
          .where('id', 'in', ids)
          .execute()
        return rows.map(pluginOf)
      }),

    page: ({ after, limit }) =>
      database.transaction(async (trx) => {
        const all = trx.selectFrom('plugin').selectAll().where('tenant_id', '=', tenantId)
        const rest = after === undefined ? all : all.where('id', '>', after)
        return (await rest.orderBy('id').limit(limit).execute()).map(pluginOf)
      }),

    register: (plugin) =>
      database.transaction(async (trx) => {
        const changed = await trx
          .insertInto('plugin')
          .values(rowOf(tenantId, plugin))
          .onConflict((conflict) =>
            conflict
              .columns(['tenant_id', 'name'])
              .doUpdateSet((eb) => ({
                version: eb.ref('excluded.version'),
                base_url: eb.ref('excluded.base_url'),
                capabilities: eb.ref('excluded.capabilities'),
                status: eb.ref('excluded.status'),
              }))
              .where((eb) =>
                eb.or([
                  eb('plugin.version', '!=', eb.ref('excluded.version')),
                  eb('plugin.base_url', '!=', eb.ref('excluded.base_url')),
                  eb('plugin.capabilities', '!=', eb.ref('excluded.capabilities')),
                ]),
              ),
          )
          .returningAll()
          .executeTakeFirst()
        if (changed !== undefined) {
          const resource = { kind: 'Plugin', id: changed.id }
          await audit.record(trx, context, { action: 'plugin:register', resource })
        }
        const row =
          changed ??
          (await trx
            .selectFrom('plugin')
            .selectAll()
            .where('tenant_id', '=', tenantId)
            .where('name', '=', plugin.name)
            .executeTakeFirstOrThrow())
        return pluginOf(row)
      }),
  }
}

function pluginOf(row: Selectable<PluginTable>): Plugin {
  return {
    id: row.id as PluginId,
    name: row.name,
    version: row.version,
    baseUrl: row.base_url,
    capabilities: row.capabilities,
    status: row.status,
    createdAt: row.created_at,
  }
}

function rowOf(tenantId: string, plugin: Plugin): PluginTable {
  return {
    tenant_id: tenantId,
    id: plugin.id,
    name: plugin.name,
    version: plugin.version,
    base_url: plugin.baseUrl,
    capabilities: plugin.capabilities,
    status: plugin.status,
    created_at: plugin.createdAt,
  }
}
