import { scalars } from '@heirloom/subgraph'
import type { Resolvers } from '../generated/resolvers.js'
import { accessGrant, accessScope, invitation, viewerAccess } from './access.js'
import { auditLog } from './audit-log.js'
import { legacy } from './legacy.js'
import { mutation } from './mutation.js'
import { query } from './query.js'
import { revision } from './revision.js'
import {
  deleteStoryResultType,
  moveStoryResult,
  publishStoryResult,
  setStoryLevelResult,
  updateStoryResult,
} from './story-results.js'
import { story } from './story.js'
import { tenant } from './tenant.js'
import { user } from './user.js'
import { viewer } from './viewer.js'

export const resolvers: Resolvers = {
  DateTime: scalars.DateTime,
  Query: query,
  Mutation: mutation,
  AuditLog: auditLog,
  Viewer: viewer,
  ViewerAccess: viewerAccess,
  AccessScope: accessScope,
  AccessGrant: accessGrant,
  Invitation: invitation,
  Tenant: tenant,
  User: user,
  Legacy: legacy,
  Story: story,
  Revision: revision,
  UpdateStoryResult: updateStoryResult,
  PublishStoryResult: publishStoryResult,
  MoveStoryResult: moveStoryResult,
  SetStoryLevelResult: setStoryLevelResult,
  DeleteStoryResult: deleteStoryResultType,
}
