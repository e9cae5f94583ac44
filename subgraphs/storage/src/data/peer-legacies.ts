import { AppError } from '@heirloom/errors'
import type { Peer } from '@heirloom/subgraph'
import { isUlid } from '@heirloom/tenancy'
import type { Legacies } from '../domain/ports.js'

/** Legacies of the stories subgraph, asked with the caller's own token. */
export function createPeerLegacies(stories: Peer, authorization: string): Legacies {
  return {
    require: async (legacyId) => {
      if (!isUlid(legacyId)) {
        throw new AppError('NOT_FOUND', 'there is no Legacy with that id')
      }
      await stories.require('Legacy', legacyId, authorization)
    },
  }
}
