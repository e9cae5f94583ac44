import type { BackendSwitch, RoutingRegistryOptions } from '@heirloom/persistence'
import { tenantId } from '@heirloom/tenancy'
import { routingStream } from '../domain/stream-id.js'
import type { RoutedEventStreams } from './routed-event-streams.js'

/**
 * Tells of a change of backend on the `routing` stream of the tenant that it concerns; of a route
 * for any tenant on that of `systemTenant`. The id makes repeating it harmless.
 */
export function announceSwitches(
  streams: RoutedEventStreams,
  systemTenant: string,
): RoutingRegistryOptions['announce'] {
  return async (change: BackendSwitch) => {
    const tenant = change.tenantId ?? tenantId(systemTenant)
    await streams.for(tenant).append(routingStream, [
      {
        id: change.id,
        type: 'ROUTE_BACKEND_SWITCHED',
        occurredAt: new Date(change.at),
        actorId: change.by,
        data: change.data,
      },
    ])
  }
}
