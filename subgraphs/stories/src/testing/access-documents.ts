import type { MemberRole, TenantContext } from '@heirloom/tenancy'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import { run, type StoriesRig } from './stories-rig.js'

export interface AccessScopeVariables {
  readonly legacyId?: string
  readonly storyId?: string
}

export const accessDocuments = {
  setRole: `mutation ($input: SetRoleInput!) {
    setRole(input: $input) { grant { role source user { id } scope { legacyId storyId } } }
  }`,
  removeRole: `mutation ($input: RemoveRoleInput!) { removeRole(input: $input) { removed } }`,
  invite: `mutation ($input: InviteInput!) {
    inviteMember(input: $input) { secret invitation { id email role status } }
  }`,
  accept: `mutation ($input: AcceptInvitationInput!) {
    acceptInvitation(input: $input) { grant { role scope { legacyId storyId } } }
  }`,
  revoke: `mutation ($input: RevokeInvitationInput!) {
    revokeInvitation(input: $input) { invitation { id status } }
  }`,
  access: `query ($scope: AccessScopeInput, $first: Int, $after: String) {
    access(scope: $scope, first: $first, after: $after) {
      nodes { role source user { id } }
      pageInfo { hasNextPage endCursor }
    }
  }`,
  invitations: `query ($scope: AccessScopeInput) {
    invitations(scope: $scope) { nodes { id email status } }
  }`,
  moveStory: `mutation ($input: MoveStoryInput!) {
    moveStory(input: $input) {
      __typename
      ... on MoveStoryPayload { story { id status state moderationNote revision } }
    }
  }`,
  setStoryLevel: `mutation ($input: SetStoryLevelInput!) {
    setStoryLevel(input: $input) {
      __typename ... on SetStoryLevelPayload { story { id level revision } }
    }
  }`,
}

const viewerAccess = `{
  viewerAccess { version roles grants { legacyId storyId role } }
}`

interface ViewerAccessAnswer {
  readonly viewerAccess: {
    readonly version: number
    readonly roles: readonly string[]
    readonly grants: readonly {
      readonly legacyId: string
      readonly storyId: string | null
      readonly role: string
    }[]
  }
}

/** Somebody of the same tenant whom the provider gives these roles, and whom the tenant knows. */
export async function member(
  rig: StoriesRig,
  of: TenantContext,
  roles: TenantContext['roles'] = [],
): Promise<TenantContext> {
  const context = testTenant({ tenantId: of.tenantId, roles })
  await asNow(rig, context)
  return context
}

/** The same as the gateway would make of them now: with the roles that hold. */
export async function asNow(rig: StoriesRig, context: TenantContext): Promise<TenantContext> {
  const { grants: _grants, ...asProvided } = context
  const { data } = await (await rig.as(asProvided))<ViewerAccessAnswer>(viewerAccess)
  if (!data) throw new Error('the access of the viewer was not told')
  const { version, roles, grants } = data.viewerAccess
  const role = (text: string) => text.toLowerCase() as MemberRole
  return {
    ...asProvided,
    roles: roles.map(role),
    grants: {
      version,
      legacies: Object.fromEntries(
        grants.flatMap((one) => (one.storyId === null ? [[one.legacyId, role(one.role)]] : [])),
      ),
      stories: Object.fromEntries(
        grants.flatMap(({ storyId, legacyId, role: text }) =>
          storyId === null ? [] : [[storyId, { legacyId, role: role(text) }]],
        ),
      ),
    },
  }
}

/** A client with the roles that hold now. */
export async function clientOf(rig: StoriesRig, context: TenantContext): Promise<GraphQLClient> {
  return rig.as(await asNow(rig, context))
}

export async function setRole(
  gql: GraphQLClient,
  to: TenantContext,
  role: MemberRole,
  scope?: AccessScopeVariables,
): Promise<void> {
  const input = { userId: to.actor.id, role: role.toUpperCase(), scope }
  await run(gql, accessDocuments.setRole, input)
}

/** The code with which a mutation is refused. */
export async function codeOf(
  gql: GraphQLClient,
  document: string,
  input: Readonly<Record<string, unknown>>,
): Promise<string | undefined> {
  const { errors } = await gql(document, { input })
  return errors?.[0]?.extensions?.code
}
