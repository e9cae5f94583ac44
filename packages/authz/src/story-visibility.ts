import type { MemberRole, TenantContext } from '@heirloom/tenancy'
import type { Authorizer } from './authorizer.js'
import { storyLevels, storyStates, type StoryLevel, type StoryState } from './vocabulary.js'

/**
 * Which stories of the tenant somebody reads, as a filter that a query can apply: those that meet
 * every condition of at least one clause. Without a clause none, with an empty clause all.
 */
export type StoryVisibility = readonly StoryClause[]

export interface StoryClause {
  readonly legacyIds?: readonly string[]
  readonly storyIds?: readonly string[]
  readonly authorId?: string
  readonly states?: readonly StoryState[]
  readonly levels?: readonly StoryLevel[]
}

/** The facts of a story that clauses look at. */
export interface StoryFacts {
  readonly storyId: string
  readonly legacyId: string
  readonly authorId: string
  readonly state: StoryState
  readonly level: StoryLevel
}

// No actor has this id: actor ids are ULIDs or names from a token, never empty.
const somebodyElse = ''
/** Stands for whatever legacy or story the role is held on. */
const here = 'here'

type Condition = Pick<StoryClause, 'authorId' | 'states' | 'levels'>

/**
 * Asks the policies about one story of each sort, at each scope at which a role is held, so that a
 * list's filter and the decision about a single story cannot disagree.
 */
export function storyVisibility(authorizer: Authorizer, context: TenantContext): StoryVisibility {
  const atTenant = conditionsFor(authorizer, context, {})
  if (atTenant.some(isEmpty)) return [{}]
  const { legacies = {}, stories = {} } = context.grants ?? {}
  const legacyClauses = byRole(legacies, (role) => role).flatMap(([role, legacyIds]) =>
    conditionsFor(authorizer, context, { legacies: { [here]: role } })
      .filter((condition) => !isAmong(condition, atTenant))
      .map((condition) => ({ legacyIds, ...condition })),
  )
  const storyClauses = byRole(stories, ({ role }) => role).flatMap(([role, storyIds]) =>
    conditionsFor(authorizer, context, { stories: { [here]: { legacyId: '', role } } })
      .filter((condition) => !isAmong(condition, atTenant))
      .map((condition) => ({ storyIds, ...condition })),
  )
  return [...atTenant, ...legacyClauses, ...storyClauses]
}

/** Whether a story is among those that a filter lets through. */
export function isVisible(visibility: StoryVisibility, story: StoryFacts): boolean {
  return visibility.some(
    ({ legacyIds, storyIds, authorId, states, levels }) =>
      (legacyIds?.includes(story.legacyId) ?? true) &&
      (storyIds?.includes(story.storyId) ?? true) &&
      (authorId === undefined || authorId === story.authorId) &&
      (states?.includes(story.state) ?? true) &&
      (levels?.includes(story.level) ?? true),
  )
}

type Held = Partial<Omit<NonNullable<TenantContext['grants']>, 'version'>>

/** What anybody with certain roles reads: of others, and of their own beyond that. */
interface Readable {
  readonly ofOthers: readonly Condition[]
  readonly own: readonly Condition[]
}

// The policies of a process do not change, and name nobody: what one reads with certain roles, all
// read. There are some hundred combinations of roles at most.
const known = new WeakMap<Authorizer, Map<string, Readable>>()

/** What somebody with these grants reads of others, and of their own beyond that. */
function conditionsFor(
  authorizer: Authorizer,
  context: TenantContext,
  held: Held,
): readonly Condition[] {
  const remembered = known.get(authorizer) ?? new Map<string, Readable>()
  known.set(authorizer, remembered)
  const key = JSON.stringify([context.roles, held])
  const { ofOthers, own } = remembered.get(key) ?? readable(authorizer, context, held)
  remembered.set(key, { ofOthers, own })
  return [...ofOthers, ...own.map((one) => ({ ...one, authorId: context.actor.id }))]
}

function readable(authorizer: Authorizer, context: TenantContext, held: Held): Readable {
  const asked = { ...context, grants: { version: 0, legacies: {}, stories: {}, ...held } }
  const statesBy = (authorId: string) =>
    storyLevels.map((level) =>
      storyStates.filter((status) =>
        authorizer.allows(asked, 'story:read', {
          kind: 'Story',
          tenantId: context.tenantId,
          legacyId: here,
          storyId: here,
          authorId,
          status,
          level,
        }),
      ),
    )
  const ofOthers = conditions(statesBy(somebodyElse))
  const own = conditions(statesBy(context.actor.id)).filter((one) => !isAmong(one, ofOthers))
  return { ofOthers, own }
}

/** The fewest conditions that say which states are read at each level. */
function conditions(statesByLevel: readonly (readonly StoryState[])[]): readonly Condition[] {
  const levelsByStates = new Map<string, StoryLevel[]>()
  for (const [index, level] of storyLevels.entries()) {
    const key = (statesByLevel[index] ?? []).join()
    levelsByStates.set(key, [...(levelsByStates.get(key) ?? []), level])
  }
  return [...levelsByStates].flatMap(([key, levels]) => {
    const states = storyStates.filter((state) => key.split(',').includes(state))
    if (states.length === 0) return []
    return {
      ...(states.length === storyStates.length ? {} : { states }),
      ...(levels.length === storyLevels.length ? {} : { levels }),
    }
  })
}

function byRole<Grant>(
  grants: Readonly<Record<string, Grant>>,
  roleOf: (grant: Grant) => MemberRole,
): readonly (readonly [MemberRole, readonly string[]])[] {
  const ids = new Map<MemberRole, string[]>()
  for (const [id, grant] of Object.entries(grants)) {
    const role = roleOf(grant)
    const those = ids.get(role)
    if (those === undefined) ids.set(role, [id])
    else those.push(id)
  }
  return [...ids]
}

function isAmong(condition: Condition, others: readonly Condition[]): boolean {
  return others.some((other) => JSON.stringify(other) === JSON.stringify(condition))
}

function isEmpty(condition: Condition): boolean {
  return Object.keys(condition).length === 0
}
