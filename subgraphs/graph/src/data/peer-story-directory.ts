import type { Peer } from '@heirloom/subgraph'
import type { StoryDirectory } from '../domain/people-reader.js'

/** The stories subgraph, asked over GraphQL with the caller's own token. */
export function createPeerStoryDirectory(peer: Peer, authorization: string): StoryDirectory {
  return {
    requireLegacy: (id) => peer.require('Legacy', id, authorization),
    legacyOfStory: (id) => peer.legacyOf('Story', id, authorization),
    readableStories: (ids) => peer.existing('Story', ids, authorization),
  }
}
