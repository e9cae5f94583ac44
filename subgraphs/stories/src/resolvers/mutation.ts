import { createLegacy } from '../domain/create-legacy.js'
import { createStory } from '../domain/create-story.js'
import { deleteStory } from '../domain/delete-story.js'
import { removeRole, setRole } from '../domain/change-access.js'
import { acceptInvitation, invite, revokeInvitation } from '../domain/invite.js'
import { moveStory, setStoryLevel } from '../domain/move-story.js'
import { publishStory } from '../domain/publish-story.js'
import { updateStory } from '../domain/update-story.js'
import type { GraphQLContext } from '../context.js'
import type { MutationResolvers } from '../generated/resolvers.js'
import { domainRoles } from './access.js'
import { deleteStoryResult, storyResult } from './story-results.js'

export const mutation: MutationResolvers = {
  createLegacy: async (_parent, { input }, context) => ({
    legacy: await written(context, createLegacy(context.scope, input)),
  }),
  createStory: async (_parent, { input }, context) => ({
    story: await written(context, createStory(context.scope, input)),
  }),
  updateStory: async (_parent, { input }, context) =>
    storyResult(await written(context, updateStory(context.scope, input))),
  publishStory: async (_parent, { input }, context) =>
    storyResult(await written(context, publishStory(context.scope, input))),
  moveStory: async (_parent, { input }, context) =>
    storyResult(await written(context, moveStory(context.scope, input))),
  setStoryLevel: async (_parent, { input }, context) =>
    storyResult(await written(context, setStoryLevel(context.scope, input))),
  setRole: async (_parent, { input }, context) => ({
    grant: await written(
      context,
      setRole(context.scope, { ...input, role: domainRoles[input.role] }),
    ),
  }),
  removeRole: async (_parent, { input }, context) => ({
    removed: await written(context, removeRole(context.scope, input)),
  }),
  inviteMember: async (_parent, { input }, context) =>
    written(context, invite(context.scope, { ...input, role: domainRoles[input.role] })),
  revokeInvitation: async (_parent, { input }, context) => ({
    invitation: await written(context, revokeInvitation(context.scope, input.id)),
  }),
  acceptInvitation: async (_parent, { input }, context) => ({
    grant: await written(context, acceptInvitation(context.scope, input.secret)),
  }),
  deleteStory: async (_parent, { input }, context) =>
    deleteStoryResult(await written(context, deleteStory(context.scope, input))),
}

/** Nothing that was read before a mutation is shown after it. */
async function written<T>({ loaders }: GraphQLContext, change: Promise<T>): Promise<T> {
  const outcome = await change
  loaders.forget()
  return outcome
}
