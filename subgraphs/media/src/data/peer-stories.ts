import type { Peer } from '@heirloom/subgraph'
import type { LegacyId, StoryId } from '../domain/media-asset.js'
import type { StoriesPeer } from '../domain/ports.js'

/** The stories subgraph over GraphQL, with the caller's own token. */
export function createStoriesPeer(peer: Peer, authorization: string): StoriesPeer {
  return {
    requireLegacy: async (id) => {
      await peer.require('Legacy', id, authorization)
      return id as LegacyId
    },
    requireStory: async (id) => {
      await peer.require('Story', id, authorization)
      return id as StoryId
    },
  }
}
