import { AppError } from '@heirloom/errors'
import type { Peer } from '@heirloom/subgraph'
import { legacyId, storyId } from '../domain/media-asset.js'
import type { StoriesPeer } from '../domain/ports.js'

/** The stories subgraph over GraphQL, with the caller's own token. */
export function createStoriesPeer(peer: Peer, authorization: string): StoriesPeer {
  return {
    requireLegacy: async (text) => {
      const id = named('Legacy', legacyId(text))
      await peer.require('Legacy', id, authorization)
      return id
    },
    requireStory: async (text, ofLegacy) => {
      const id = named('Story', storyId(text))
      if ((await peer.legacyOf('Story', id, authorization)) === ofLegacy) return id
      throw new AppError('INVALID_INPUT', 'the story belongs to another legacy than the media')
    },
    readableStories: (ids) => peer.existing('Story', ids, authorization),
  }
}

function named<Id extends string>(typename: 'Legacy' | 'Story', id: Id | null): Id {
  if (id !== null) return id
  throw new AppError('NOT_FOUND', `there is no ${typename} with that id`)
}
