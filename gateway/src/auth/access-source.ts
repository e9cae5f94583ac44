import { AppError, isErrorCode } from '@heirloom/errors'
import { newTraceparent } from '@heirloom/telemetry'
import {
  createIds,
  memberRoles,
  type MemberRole,
  type Role,
  type StoryGrant,
} from '@heirloom/tenancy'
import type { CreateCaller } from '../federation/caller.js'
import { isObject, type JsonObject } from '../federation/json.js'
import type { FetchSubgraph } from '../federation/subgraph-request.js'
import { contextOf, type ActorAccess, type Identity } from './identity.js'

/** Where roles are kept, and how they are asked for. */
export interface AccessSource {
  /**
   * What somebody may do now. Its version is not newer than what it says.
   * @throws AppError SUBGRAPH_UNAVAILABLE, TIMEOUT, or what the subgraph answered
   */
  accessOf(identity: Identity): Promise<ActorAccess>
  /** Changes with anybody's access in the identity's tenant. @throws AppError likewise */
  versionFor(identity: Identity): Promise<number>
}

export interface AccessSourceDeps {
  readonly subgraph: string
  readonly fetch: FetchSubgraph
  readonly createCaller: CreateCaller
}

const accessQuery = '{ viewerAccess { version roles grants { legacyId storyId role } } }'
const versionQuery = '{ accessVersion }'

/** Asks a subgraph, as the one whose access it is, with the roles that the provider gives them. */
export function createAccessSource({
  subgraph,
  fetch,
  createCaller,
}: AccessSourceDeps): AccessSource {
  const newId = createIds()

  async function ask(identity: Identity, query: string): Promise<JsonObject> {
    const ids = { requestId: newId(), traceparent: newTraceparent() }
    const caller = createCaller(contextOf(identity, ids, {}))
    const { data, errors } = await fetch({ subgraph, query, variables: {}, caller })
    const [error] = errors ?? []
    if (error === undefined && data !== null && data !== undefined) return data
    const code = error?.extensions?.['code']
    throw new AppError(
      isErrorCode(code) ? code : 'SUBGRAPH_UNAVAILABLE',
      error?.message ?? 'nobody can tell who may do what',
    )
  }

  return {
    accessOf: async (identity) => readAccess((await ask(identity, accessQuery))['viewerAccess']),
    versionFor: async (identity) => Number((await ask(identity, versionQuery))['accessVersion']),
  }
}

function readAccess(answer: unknown): ActorAccess {
  if (!isObject(answer)) throw new AppError('INTERNAL', 'access was answered without being told')
  const legacies: Record<string, MemberRole> = {}
  const stories: Record<string, StoryGrant> = {}
  for (const { legacyId, storyId, role } of listOf(answer['grants']).filter(isObject)) {
    if (typeof legacyId !== 'string') throw new AppError('INTERNAL', 'a role holds nowhere')
    if (typeof storyId === 'string') stories[storyId] = { legacyId, role: roleOf(role) }
    else legacies[legacyId] = roleOf(role)
  }
  return {
    roles: listOf(answer['roles']).map((role) => String(role).toLowerCase() as Role),
    grants: { version: Number(answer['version']), legacies, stories },
  }
}

function roleOf(value: unknown): MemberRole {
  const text = String(value).toLowerCase()
  const role = memberRoles.find((known) => known === text)
  if (role !== undefined) return role
  throw new AppError('INTERNAL', `"${text}" is no role of members`)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}
