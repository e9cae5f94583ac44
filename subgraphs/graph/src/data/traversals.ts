import { sql, type Transaction } from 'kysely'
import type { TenantId } from '@heirloom/tenancy'
import type { PersonId } from '../domain/ids.js'
import type { ParentEdge } from '../domain/lineage.js'
import type { Direction, Hop, Kindred, KindredLimits, Via } from '../domain/ports.js'
import { personColumns, personOf } from './rows.js'
import type { GraphTables, PersonRow } from './schema.js'

type Trx = Transaction<GraphTables>

// Statements here join by `cross join lateral (… offset 0)`: the subquery is not pulled up, so that
// each row is followed through the index. Left to its statistics, which know nothing of a tree that
// was imported a minute ago, the planner reads all ties of the tenant for each step of the walk.

// A walk meets the same person once per generation in which a line leads there, so it may see more
// rows than people. Postgres evaluates a recursive CTE only as far as its rows are fetched
// (https://www.postgresql.org/docs/current/queries-with.html): the LIMIT bounds the work itself.
const rowsPerPerson = 10

/** One generation more than asked for is walked, to tell whether the limit cut something. */
export async function readKindred(
  trx: Trx,
  tenantId: TenantId,
  id: PersonId,
  direction: Direction,
  { maxGenerations, maxPeople }: KindredLimits,
): Promise<Kindred> {
  const [here, there] =
    direction === 'ancestors'
      ? [sql.ref('to_id'), sql.ref('from_id')]
      : [sql.ref('from_id'), sql.ref('to_id')]
  const maxRows = maxPeople * rowsPerPerson
  const { rows } = await sql<PersonRow & { generation: number; rows_seen: number }>`
    with recursive walk (id, generation) as (
      select ${id}::text collate "C", 0
      union
      select tie.id, walk.generation + 1
      from walk
      cross join lateral (
        select ${there} as id from relationship
        where tenant_id = ${tenantId} and kind = 'PARENT' and ${here} = walk.id
        offset 0
      ) as tie
      where walk.generation <= ${maxGenerations}
    ),
    seen as materialized (select id, generation from walk limit ${maxRows}),
    nearest as (
      select id, min(generation) as generation from seen
      where generation > 0 group by id
      order by min(generation), id
      limit ${maxPeople + 1}
    )
    select nearest.generation, (select count(*) from seen) as rows_seen, ${personColumns}
    from nearest
    cross join lateral (
      select * from person where tenant_id = ${tenantId} and id = nearest.id offset 0
    ) as person
    order by nearest.generation, nearest.id`.execute(trx)
  const members = rows
    .filter((row) => row.generation <= maxGenerations)
    .slice(0, maxPeople)
    .map((row) => ({ person: personOf(row), generation: row.generation }))
  const cut = members.length < rows.length || (rows[0]?.rows_seen ?? 0) >= maxRows
  return { members, truncated: cut }
}

export async function readBloodLines(
  trx: Trx,
  tenantId: TenantId,
  ids: readonly PersonId[],
  maxGenerations: number,
): Promise<readonly ParentEdge[]> {
  const { rows } = await sql<{ parent_id: PersonId; child_id: PersonId }>`
    with recursive line (id, generation) as (
      select id collate "C", 0 from unnest(${ids}::text[]) as start (id)
      union
      select tie.from_id, line.generation + 1
      from line
      cross join lateral (
        select from_id from relationship
        where tenant_id = ${tenantId} and kind = 'PARENT' and to_id = line.id
        offset 0
      ) as tie
      where line.generation < ${maxGenerations - 1}
    )
    select tie.from_id as parent_id, child.id as child_id
    from (select distinct id from line) as child
    cross join lateral (
      select from_id from relationship
      where tenant_id = ${tenantId} and kind = 'PARENT' and to_id = child.id
      offset 0
    ) as tie`.execute(trx)
  return rows.map((row) => ({ parentId: row.parent_id, childId: row.child_id }))
}

/** Without a bound on generations, and safe on circles: a row is followed once per person. */
export async function readParentEdgesBelow(
  trx: Trx,
  tenantId: TenantId,
  ids: readonly PersonId[],
): Promise<readonly ParentEdge[]> {
  const { rows } = await sql<{ parent_id: PersonId; child_id: PersonId }>`
    with recursive line (id) as (
      select id collate "C" from unnest(${ids}::text[]) as start (id)
      union
      select tie.to_id
      from line
      cross join lateral (
        select to_id from relationship
        where tenant_id = ${tenantId} and kind = 'PARENT' and from_id = line.id
        offset 0
      ) as tie
    )
    select line.id as parent_id, tie.to_id as child_id
    from line
    cross join lateral (
      select to_id from relationship
      where tenant_id = ${tenantId} and kind = 'PARENT' and from_id = line.id
      offset 0
    ) as tie`.execute(trx)
  return rows.map((row) => ({ parentId: row.parent_id, childId: row.child_id }))
}

/** Every hop away from the people, over ties of every kind. */
export async function readNeighbours(
  trx: Trx,
  tenantId: TenantId,
  ids: readonly PersonId[],
): Promise<readonly Hop[]> {
  const { rows } = await sql<{ from_id: PersonId; via: Via; to_id: PersonId }>`
    select from_id, case kind when 'PARENT' then 'child' else 'partner' end as via, to_id
    from relationship
    where tenant_id = ${tenantId} and from_id = any(${ids}::text[])
    union all
    select to_id, case kind when 'PARENT' then 'parent' else 'partner' end, from_id
    from relationship
    where tenant_id = ${tenantId} and to_id = any(${ids}::text[])`.execute(trx)
  return rows.map((row) => ({ fromId: row.from_id, via: row.via, toId: row.to_id }))
}
