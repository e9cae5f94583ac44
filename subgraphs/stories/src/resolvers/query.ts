import { AppError } from '@heirloom/errors'
import { explainAccess } from '../domain/explain-access.js'
import { invitationId, legacyId, storyId, userId } from '../domain/ids.js'
import { accessVersion, listAccess, listInvitations, viewAccess } from '../domain/read-access.js'
import { findLegacyBySlug, listLegacies } from '../domain/read-legacies.js'
import { listStories } from '../domain/read-stories.js'
import { viewViewer } from '../domain/view-viewer.js'
import type { QueryResolvers } from '../generated/resolvers.js'
import { connectionOf, pageOf } from './paging.js'
import { storyFilter } from './story-filter.js'

export const query: QueryResolvers = {
  audit: () => ({}),
  viewer: (_parent, _args, { scope }) => viewViewer(scope),

  viewerAccess: (_parent, _args, { scope }) => viewAccess(scope),

  accessVersion: (_parent, _args, { scope }) => accessVersion(scope),

  explainAccess: (_parent, args, { scope }) => explainAccess(scope, args),

  access: async (_parent, { scope: at, ...args }, { scope }) => {
    const page = pageOf(args, userId)
    return connectionOf(await listAccess(scope, at, page), page, (entry) => entry.userId)
  },

  invitations: async (_parent, { scope: at, ...args }, { scope }) => {
    const page = pageOf(args, invitationId)
    return connectionOf(await listInvitations(scope, at, page), page, (one) => one.id)
  },

  legacy: (_parent, { id, slug }, { scope, loaders }) => {
    if (typeof id === 'string' && typeof slug !== 'string') return loaders.legacies.load(id)
    if (typeof slug === 'string' && typeof id !== 'string') return findLegacyBySlug(scope, slug)
    throw new AppError('INVALID_INPUT', 'give either "id" or "slug"')
  },

  legacies: async (_parent, args, { scope }) => {
    const page = pageOf(args, legacyId)
    return connectionOf(await listLegacies(scope, page), page, (legacy) => legacy.id)
  },

  story: (_parent, { id }, { loaders }) => loaders.stories.load(id),

  stories: async (_parent, args, { scope }) => {
    const page = pageOf(args, storyId)
    const filter = storyFilter(args.filter)
    const stories = filter === null ? [] : await listStories(scope, page, filter)
    return connectionOf(stories, page, (story) => story.id)
  },
}
