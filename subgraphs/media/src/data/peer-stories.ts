import { AppError } from '@heirloom/errors'
import type { Peer } from '@heirloom/subgraph'
import { legacyId, storyId } from '../domain/media-asset.js'
import type { StoriesPeer } from '../domain/ports.js'

/** The stories subgraph over GraphQL, with the caller's own token. */
export function createStoriesPeer(peer: Peer, authorization: string): StoriesPeer {
  async function known<Id extends string>(
    typename: 'Legacy' | 'Story',
    id: Id | null,
  ): Promise<Id> {
    if (id === null) throw new AppError('NOT_FOUND', `there is no ${typename} with that id`)
    await peer.require(typename, id, authorization)
    return id
  }
  return {
    requireLegacy: (id) => known('Legacy', legacyId(id)),
    requireStory: (id) => known('Story', storyId(id)),
    readableStories: (ids) => peer.existing('Story', ids, authorization),
  }
}
