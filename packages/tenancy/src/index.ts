export {
  createIds,
  isUlid,
  tenantId,
  type ActorId,
  type NewId,
  type TenantId,
  type Ulid,
} from './ids.js'
export {
  modes,
  roles,
  tenantClaims,
  tenantContext,
  type Actor,
  type Mode,
  type Role,
  type TenantClaims,
  type TenantContext,
} from './context.js'
export {
  grantsClaim,
  isAtLeast,
  memberRoles,
  readGrantsClaim,
  strongest,
  type Grants,
  type MemberRole,
  type StoryGrant,
} from './grants.js'
export {
  bearerToken,
  createInternalTokenVerifier,
  internalIssuer,
  mintInternalToken,
  remoteInternalKeys,
  tokenError,
  type SigningKey,
  type VerifyInternalToken,
} from './internal-token.js'
export { requestSource, type RequestSource } from './source.js'
