import { sql, type Transaction } from 'kysely'
import type { AuditWriter } from '@heirloom/audit'
import { writeOutbox, type CreateEvent } from '@heirloom/events'
import { idempotent } from '@heirloom/postgres'
import type { TenantContext } from '@heirloom/tenancy'
import { actionOfEvent } from '../domain/deeds.js'
import type { GraphWriter } from '../domain/ports.js'
import { personColumns, personOf, personRow, relationshipOf } from './rows.js'
import type { GraphTables, PersonRow, RelationshipRow } from './schema.js'
import { readParentEdgesBelow } from './traversals.js'

/**
 * The writes of one transaction. Lists travel as one JSON parameter and are unfolded by the
 * database, so that a batch of a thousand people is one statement. Locks are advisory ones of the
 * transaction (https://www.postgresql.org/docs/current/explicit-locking.html#ADVISORY-LOCKS);
 * under READ COMMITTED each statement after the lock sees what its former holders committed.
 */
export function createPostgresGraphWriter(
  trx: Transaction<GraphTables>,
  caller: TenantContext,
  createEvent: CreateEvent,
  audit: AuditWriter,
): GraphWriter {
  const { tenantId } = caller

  return {
    once: ({ operation, key, input }, work) =>
      idempotent(trx, { tenantId, actorId: caller.actor.id, operation, key, input }, work),

    lock: async (legacyId) => {
      const key = `graph/${tenantId}/${legacyId}`
      await sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`.execute(trx)
    },

    people: async (ids) => {
      const { rows } = await sql<PersonRow>`
        select ${personColumns} from person
        where person.tenant_id = ${tenantId} and person.id = any(${ids}::text[])`.execute(trx)
      return rows.map(personOf)
    },

    externalPeople: async (legacyId, source, externalIds) => {
      const { rows } = await sql<PersonRow & { readonly external_id: string }>`
        select named.external_id, ${personColumns}
        from external_person as named
        cross join lateral (
          select * from person where tenant_id = ${tenantId} and id = named.person_id offset 0
        ) as person
        where named.tenant_id = ${tenantId} and named.legacy_id = ${legacyId}
          and named.source = ${source} and named.external_id = any(${externalIds}::text[])
        `.execute(trx)
      return rows.map((row) => ({ externalId: row.external_id, person: personOf(row) }))
    },

    relationship: async ({ kind, fromId, toId }) => {
      const { rows } = await sql<RelationshipRow>`
        select id, legacy_id, kind, from_id, to_id from relationship
        where tenant_id = ${tenantId}
          and from_id = ${fromId} and kind = ${kind} and to_id = ${toId}`.execute(trx)
      return rows[0] === undefined ? null : relationshipOf(rows[0])
    },

    parentEdgesBelow: (ids) => readParentEdgesBelow(trx, tenantId, ids),

    insertPeople: async (people) => {
      if (people.length === 0) return
      await sql`
        insert into person (tenant_id, id, legacy_id, name, search_name, given_name, surname,
          title, sex, birth_date, birth_year, birth_place, death_date, death_year, death_place)
        select ${tenantId}, id, legacy_id, name, search_name, given_name, surname,
          title, sex, birth_date, birth_year, birth_place, death_date, death_year, death_place
        from jsonb_populate_recordset(null::person, ${JSON.stringify(people.map(personRow))}::jsonb)
        `.execute(trx)
    },

    updatePeople: async (people) => {
      if (people.length === 0) return
      await sql`
        update person set
          name = said.name, search_name = said.search_name, given_name = said.given_name,
          surname = said.surname, title = said.title, sex = said.sex,
          birth_date = said.birth_date, birth_year = said.birth_year,
          birth_place = said.birth_place, death_date = said.death_date,
          death_year = said.death_year, death_place = said.death_place
        from jsonb_populate_recordset(
          null::person, ${JSON.stringify(people.map(personRow))}::jsonb) as said
        where person.tenant_id = ${tenantId} and person.id = said.id`.execute(trx)
    },

    nameExternally: async (legacyId, source, names) => {
      if (names.length === 0) return
      await sql`
        insert into external_person (tenant_id, legacy_id, source, external_id, person_id)
        select ${tenantId}, ${legacyId}, ${source}, external_id, person_id
        from unnest(
          ${names.map((name) => name.externalId)}::text[],
          ${names.map((name) => name.personId)}::text[]
        ) as named (external_id, person_id)`.execute(trx)
    },

    insertRelationships: async (relationships) => {
      if (relationships.length === 0) return []
      const { rows } = await sql<RelationshipRow>`
        insert into relationship (tenant_id, id, legacy_id, kind, from_id, to_id)
        select ${tenantId}, id, legacy_id, kind, from_id, to_id
        from unnest(
          ${relationships.map((tie) => tie.id)}::text[],
          ${relationships.map((tie) => tie.legacyId)}::text[],
          ${relationships.map((tie) => tie.kind)}::text[],
          ${relationships.map((tie) => tie.fromId)}::text[],
          ${relationships.map((tie) => tie.toId)}::text[]
        ) as tie (id, legacy_id, kind, from_id, to_id)
        on conflict (tenant_id, from_id, kind, to_id) do nothing
        returning id, legacy_id, kind, from_id, to_id`.execute(trx)
      return rows.map(relationshipOf)
    },

    linkStory: async (person, storyId) => {
      const { rows } = await sql`
        insert into story_person (tenant_id, story_id, person_id)
        values (${tenantId}, ${storyId}, ${person.id})
        on conflict do nothing
        returning story_id`.execute(trx)
      return rows.length > 0
    },

    announce: async (events) => {
      await writeOutbox(
        trx,
        events.map((event) => createEvent(caller, event)),
      )
      for (const { type, resource } of events) {
        await audit.record(trx, caller, { action: actionOfEvent[type] ?? type, resource })
      }
    },
  }
}
