import type { MutationResolvers, QueryResolvers } from '../../generated/resolvers.js'
import { pageRequest, storePage } from '../store-page.js'

export const mediaOutputQueries: Pick<QueryResolvers, 'mediaOutput' | 'mediaOutputs'> = {
  mediaOutput: (_parent, { assetId, id }, { scope }) =>
    scope.stores.mediaOutputs().get(assetId, id),
  mediaOutputs: (_parent, { assetId, ...args }, { scope }) =>
    storePage(scope.stores.mediaOutputs().list(assetId, pageRequest(args))),
}

export const mediaOutputMutations: Pick<
  MutationResolvers,
  'recordMediaOutput' | 'deleteMediaOutput'
> = {
  recordMediaOutput: async (_parent, { input }, { scope }) => ({
    output: await scope.stores.mediaOutputs().record({
      ...input,
      width: input.width ?? null,
      height: input.height ?? null,
      durationMs: input.durationMs ?? null,
    }),
  }),
  deleteMediaOutput: async (_parent, { input: { assetId, id } }, { scope }) => {
    await scope.stores.mediaOutputs().delete(assetId, id)
    return { deletedOutputId: id }
  },
}
