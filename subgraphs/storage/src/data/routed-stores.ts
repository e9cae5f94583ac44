import {
  resourceKinds,
  type RecordTable,
  type ResourceKindName,
  type RoutedRecords,
  type StoreScope,
} from '@heirloom/persistence'
import type { TenantContext, TenantId } from '@heirloom/tenancy'
import { actorOf, projectOf } from '../domain/scope.js'
import type { OpenedStores } from './opened-documents.js'
import type { Stores } from '../domain/stores/stores.js'

/** The stores of one caller, each on the backend that the caller's route names when it is opened. */
export function createRoutedStores(
  records: RoutedRecords,
  documents: OpenedStores,
  context: TenantContext,
  systemTenant: TenantId,
  now: () => number,
): Stores {
  const { mode, projectId, surfaceId } = context
  const options = { now }
  const scope: StoreScope = {
    mode,
    projectId: projectOf(context),
    userId: actorOf(context),
    configScope: 'tenant',
  }

  function table(
    resourceKind: ResourceKindName,
    surface: string | null = null,
    tenantId: TenantId = context.tenantId,
  ): RecordTable {
    const whole = resourceKinds[resourceKind].wholeTenant
    return records.open({
      resourceKind,
      tenantId,
      ...(whole ? {} : { mode }),
      ...(whole || projectId === undefined ? {} : { projectId }),
      ...(surface === null ? {} : { surfaceId: surface }),
    })
  }

  const kinds = resourceKinds
  return {
    attribution: () => kinds.attribution_store.open(table('attribution_store'), scope, options),
    budgets: () => kinds.budget_store.open(table('budget_store'), scope, options),
    canvases: () => kinds.canvas_command_store.open(table('canvas_command_store'), scope, options),
    chats: () => kinds.chat_store.open(table('chat_store', surfaceId ?? null), scope, options),
    config: () => kinds.config_store.open(table('config_store'), scope, options),
    systemConfig: () =>
      kinds.config_store.open(
        records.open({ resourceKind: 'config_store', tenantId: systemTenant, mode: 'system' }),
        { ...scope, configScope: 'system' },
        options,
      ),
    documents: () => documents.for(context.tenantId),
    users: () => documents.usersOf(context.tenantId),
    revocations: () => documents.revocationsOf(context.tenantId),
    firearms: () =>
      kinds.firearms_policy_store.open(table('firearms_policy_store'), scope, options),
    mediaOutputs: () => kinds.media_output_store.open(table('media_output_store'), scope, options),
    memory: () => kinds.memory_store.open(table('memory_store'), scope, options),
    metrics: () => kinds.metrics_store.open(table('metrics_store'), scope, options),
    seo: () => kinds.seo_config_store.open(table('seo_config_store'), scope, options),
    strategies: (surface) =>
      kinds.strategy_policy_store.open(table('strategy_policy_store', surface), scope, options),
    tables: () => kinds.tabular_store.open(table('tabular_store'), scope, options),
  }
}
