import { sql, type RawBuilder, type Transaction } from 'kysely'
import type { AuditWriter } from '@heirloom/audit'
import type { CreateEvent } from '@heirloom/events'
import type { Database } from '@heirloom/postgres'
import type { TenantContext } from '@heirloom/tenancy'
import type { LegacyId, PersonId, StoryId } from '../domain/ids.js'
import type { Person } from '../domain/person.js'
import type {
  GraphAdapter,
  PageQuery,
  PeopleQuery,
  Relative,
  StoryLink,
  StoryPerson,
} from '../domain/ports.js'
import { createPostgresGraphWriter } from './postgres-graph-writer.js'
import { personColumns, personOf, relationshipOf } from './rows.js'
import type { GraphTables, PersonRow, RelationshipRow } from './schema.js'
import { findShortestPaths } from './shortest-paths.js'
import { readBloodLines, readKindred, readNeighbours } from './traversals.js'

/**
 * GraphAdapter on Postgres. People and ties are rows; a walk is a recursive CTE over the two
 * indexes of `relationship`, and a search for a path expands one whole level per statement from
 * both ends. Every statement runs in a transaction that is bound to the tenant, and names the
 * tenant besides: row-level security is the second lock, not the only one.
 */
export function createPostgresGraphAdapter(
  database: Database<GraphTables>,
  caller: TenantContext,
  createEvent: CreateEvent,
  audit: AuditWriter,
): GraphAdapter {
  const { tenantId } = caller
  const bound = database.for(tenantId)

  async function read<Row>(statement: RawBuilder<Row>): Promise<readonly Row[]> {
    return bound.transaction(async (trx) => (await statement.execute(trx)).rows)
  }

  async function readPeople(statement: RawBuilder<PersonRow>): Promise<readonly Person[]> {
    return (await read(statement)).map(personOf)
  }

  async function readRelatives(ties: RawBuilder<unknown>): Promise<readonly Relative[]> {
    const rows = await read(sql<PersonRow & { readonly of: PersonId }>`
      select tie.of, ${personColumns}
      from (${ties}) as tie (of, relative_id)
      cross join lateral (
        select * from person where tenant_id = ${tenantId} and id = tie.relative_id offset 0
      ) as person
      order by person.birth_year nulls last, person.id`)
    return rows.map((row) => ({ of: row.of, person: personOf(row) }))
  }

  /** A walk may touch much of a tree: it is cut off sooner than a plain statement. */
  async function walk<Result>(
    work: (trx: Transaction<GraphTables>) => Promise<Result>,
  ): Promise<Result> {
    return bound.transaction(async (trx) => {
      await sql`select set_config('statement_timeout', ${String(walkTimeoutMs)}, true)`.execute(trx)
      return work(trx)
    })
  }

  return {
    people: (ids) =>
      readPeople(sql<PersonRow>`
        select ${personColumns} from person
        where person.tenant_id = ${tenantId} and person.id = any(${ids}::text[])`),

    listPeople: ({ legacyId, within, searchName, after, limit }: PeopleQuery) =>
      readPeople(sql<PersonRow>`
        select ${personColumns} from person
        where person.tenant_id = ${tenantId}
          and (${legacyId ?? null}::text is null or person.legacy_id = ${legacyId ?? null})
          and (${within ?? null}::text[] is null
               or person.legacy_id = any(${within ?? null}::text[]))
          and (${after ?? null}::text is null or person.id > ${after ?? null})
          and (${searchName ?? null}::text is null
               or person.search_name like ${contains(searchName ?? '')})
        order by person.id
        limit ${limit}`),

    peopleOfLegacies: (ids: readonly LegacyId[], { after, limit }: PageQuery) =>
      readPeople(sql<PersonRow>`
        select ${personColumns}
        from unnest(${ids}::text[]) as legacy (id)
        cross join lateral (
          select * from person
          where person.tenant_id = ${tenantId} and person.legacy_id = legacy.id
            and (${after ?? null}::text is null or person.id > ${after ?? null})
          order by person.id
          limit ${limit}
        ) as person
        order by person.legacy_id, person.id`),

    relationships: async (ids) => {
      const rows = await read(sql<RelationshipRow>`
        select id, legacy_id, kind, from_id, to_id from relationship
        where tenant_id = ${tenantId} and id = any(${ids}::text[])`)
      return rows.map(relationshipOf)
    },

    parents: (ids) =>
      readRelatives(sql`
        select to_id, from_id from relationship
        where tenant_id = ${tenantId} and kind = 'PARENT' and to_id = any(${ids}::text[])`),
    children: (ids) =>
      readRelatives(sql`
        select from_id, to_id from relationship
        where tenant_id = ${tenantId} and kind = 'PARENT' and from_id = any(${ids}::text[])`),
    partners: (ids) =>
      readRelatives(sql`
        select from_id, to_id from relationship
        where tenant_id = ${tenantId} and kind = 'PARTNER' and from_id = any(${ids}::text[])
        union all
        select to_id, from_id from relationship
        where tenant_id = ${tenantId} and kind = 'PARTNER' and to_id = any(${ids}::text[])`),

    kindred: (id, direction, limits) =>
      walk((trx) => readKindred(trx, tenantId, id, direction, limits)),
    bloodLines: (ids, maxGenerations) =>
      walk((trx) => readBloodLines(trx, tenantId, ids, maxGenerations)),
    shortestPaths: (fromId, toId, limits) =>
      walk((trx) =>
        findShortestPaths(fromId, toId, limits, (ids) => readNeighbours(trx, tenantId, ids)),
      ),

    storiesOfPeople: async (ids) => {
      const rows = await read(sql<{ person_id: PersonId; story_id: StoryId }>`
        select person_id, story_id from story_person
        where tenant_id = ${tenantId} and person_id = any(${ids}::text[])
        order by story_id`)
      return rows.map((row): StoryLink => ({ personId: row.person_id, storyId: row.story_id }))
    },
    peopleOfStories: async (ids) => {
      const rows = await read(sql<PersonRow & { readonly story_id: StoryId }>`
        select story_person.story_id, ${personColumns}
        from story_person
        cross join lateral (
          select * from person where tenant_id = ${tenantId} and id = story_person.person_id offset 0
        ) as person
        where story_person.tenant_id = ${tenantId} and story_person.story_id = any(${ids}::text[])
        order by person.id`)
      return rows.map((row): StoryPerson => ({ storyId: row.story_id, person: personOf(row) }))
    },

    change: (work) =>
      bound.transaction((trx) => work(createPostgresGraphWriter(trx, caller, createEvent, audit))),
  }
}

const walkTimeoutMs = 5_000

/** A LIKE pattern; the wildcards of the text itself are escaped. */
function contains(text: string): string {
  return `%${text.replace(/[\\%_]/g, (wildcard) => `\\${wildcard}`)}%`
}
