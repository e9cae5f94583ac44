import { tenantId } from '@heirloom/tenancy'
import { appendEvents } from '../domain/append-events.js'
import type { NewRoute } from '../domain/route.js'
import { deleteRoute, saveRoute } from '../domain/routes.js'
import type { MutationResolvers, SaveRouteInput } from '../generated/resolvers.js'
import { backendTypeOf, modeOf } from './route.js'

export const mutationResolvers: MutationResolvers = {
  saveRoute: async (_parent, { input }, { scope }) => ({
    route: await saveRoute(scope, newRoute(input)),
  }),
  deleteRoute: async (_parent, { input }, { scope }) => {
    await deleteRoute(scope, input.id)
    return { deletedRouteId: input.id }
  },
  appendEvent: async (_parent, { input }, { scope }) => {
    const events = input.events.map(({ id, type, occurredAt, data }) => {
      return { id, type, occurredAt: occurredAt ?? null, data }
    })
    return { events: [...(await appendEvents(scope, input.streamId, events))] }
  },
}

function newRoute(input: SaveRouteInput): NewRoute {
  return {
    resourceKind: input.resourceKind,
    tenantId: typeof input.tenantId === 'string' ? tenantId(input.tenantId) : null,
    env: input.env ?? null,
    modes: (input.modes ?? []).map(modeOf),
    projectId: input.projectId ?? null,
    surfaceId: input.surfaceId ?? null,
    backendType: backendTypeOf(input.backendType),
    config: input.config,
    tier: input.tier ?? null,
    costNotes: input.costNotes ?? null,
    switchRationale: input.switchRationale ?? null,
  }
}
