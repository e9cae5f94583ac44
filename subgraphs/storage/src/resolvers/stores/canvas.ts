import { AppError } from '@heirloom/errors'
import { actorOf } from '../../domain/scope.js'
import { appendCanvasCommand, canvasOf } from '../../domain/stores/canvas.js'
import type {
  AppendCanvasCommandResultResolvers,
  CanvasResolvers,
  MutationResolvers,
  QueryResolvers,
} from '../../generated/resolvers.js'
import { jsonObject } from '../json.js'
import { pageRequest, storePage } from '../store-page.js'
import { isStale, orStale } from './stale-version.js'

const defaultCommands = 100
const maxCommands = 200

export const canvasQueries: Pick<QueryResolvers, 'canvas' | 'canvases'> = {
  canvas: (_parent, { id }, { scope }) => canvasOf(scope, id),
  canvases: async (_parent, args, { scope }) => {
    const { items, next } = await scope.stores.canvases().canvases(pageRequest(args))
    return storePage(Promise.resolve({ items: items.map((id) => canvasOf(scope, id)), next }))
  },
}

export const canvasMutations: Pick<MutationResolvers, 'appendCanvasCommand'> = {
  appendCanvasCommand: (_parent, { input }, { scope }) => {
    const { canvasId, idempotencyKey, type, payload, expectedRevision } = input
    const command = { idempotencyKey, type, payload: jsonObject(payload) }
    const by = actorOf(scope.tenant)
    return orStale(
      appendCanvasCommand(scope, canvasId, command, expectedRevision, by).then((appended) => ({
        command: appended,
      })),
    )
  },
}

export const canvasResolvers: CanvasResolvers = {
  headRevision: ({ id }, _args, { scope }) => scope.stores.canvases().head(id),
  commands: async ({ id }, { afterRevision, first }, { scope }) => {
    const limit = first ?? defaultCommands
    if (limit < 1 || limit > maxCommands) {
      throw new AppError('INVALID_INPUT', `"first" must be between 1 and ${maxCommands}`)
    }
    return [...(await scope.stores.canvases().replay(id, afterRevision ?? 0, limit))]
  },
  commandByKey: ({ id }, { idempotencyKey }, { scope }) =>
    scope.stores.canvases().byIdempotencyKey(id, idempotencyKey),
}

export const appendCanvasCommandResultResolvers: AppendCanvasCommandResultResolvers = {
  __resolveType: (result) => (isStale(result) ? 'StaleVersion' : 'AppendCanvasCommandPayload'),
}
