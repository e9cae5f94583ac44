import { sql, type RawBuilder, type SqlBool, type Transaction } from 'kysely'
import type { StoryClause, StoryVisibility } from '@heirloom/authz'
import type { SearchAdapter, SearchQuery, StoryDoc, StoryHit } from '../domain/ports.js'
import { hidden, marks, reserved, toHighlights } from './highlight.js'

/** Runs work in a transaction that is bound to the tenant: a new one, or one that is under way. */
export type InTransaction = <T>(work: (trx: Transaction<unknown>) => Promise<T>) => Promise<T>

interface Row {
  readonly total: number
  readonly story_id: string | null
  readonly score: number
  readonly title: string
  readonly body: string
}

const markers = `StartSel=${marks.start}, StopSel=${marks.stop}, FragmentDelimiter=${marks.between}`
/** The whole title, and the best places of the body. */
const headlineOptions = {
  title: `${markers}, HighlightAll=true`,
  body: `${markers}, MaxFragments=2, MinWords=5, MaxWords=30`,
} as const

/**
 * The index in one table: a tsvector per story, weighted title over body, in the configuration
 * `heirloom` (no accents, no case, no language). The port's revision rule is the condition of an
 * upsert. Documents and queries are composed to NFC first, since unaccent knows no other form.
 *
 * Row-level security binds the tenant. Its price: `@@` is not marked leakproof, so the planner
 * may not test it before the policy, and tests every document of the tenant instead of asking the
 * index: 170 ms for 10,000 stories of 300 words on two cores. Where that is too long, a superuser
 * who trusts `@@` lets the index answer both at once, in 3 ms:
 * `alter function ts_match_vq(tsvector, tsquery) leakproof`.
 */
export function createPostgresSearchAdapter(inTransaction: InTransaction): SearchAdapter {
  return {
    indexStory: (story) =>
      inTransaction(async (trx) => {
        await sql`
          insert into story_document
            (tenant_id, story_id, legacy_id, revision, author_id, status, state, level, title, body)
          values (
            current_setting('heirloom.tenant_id'), ${story.storyId}, ${story.legacyId},
            ${story.revision}, ${story.authorId}, ${statusOf(story)}, ${story.state}, ${story.level},
            ${story.title.normalize('NFC')}, ${story.body.normalize('NFC')})
          on conflict (tenant_id, story_id) do update
          set legacy_id = excluded.legacy_id, revision = excluded.revision,
              author_id = excluded.author_id, status = excluded.status,
              state = excluded.state, level = excluded.level,
              title = excluded.title, body = excluded.body, deleted = false
          where story_document.revision < excluded.revision
            and not story_document.deleted`.execute(trx)
      }),

    removeStory: (story) =>
      inTransaction(async (trx) => {
        await sql`
          insert into story_document (tenant_id, story_id, legacy_id, revision, deleted)
          values (
            current_setting('heirloom.tenant_id'), ${story.storyId}, ${story.legacyId},
            ${story.revision}, true)
          on conflict (tenant_id, story_id) do update
          set revision = greatest(story_document.revision, excluded.revision), deleted = true,
              author_id = '', status = 'DRAFT', state = 'DRAFT', level = 'TENANT', title = '', body = ''`.execute(
          trx,
        )
      }),

    searchStories: (query) =>
      inTransaction(async (trx) => {
        const rows = await matches(trx, query)
        const hits = rows.flatMap((row): StoryHit[] =>
          row.story_id === null
            ? []
            : [
                {
                  storyId: row.story_id,
                  score: row.score,
                  highlights: toHighlights([row.title, row.body]),
                },
              ],
        )
        return { hits, totalCount: rows[0]?.total ?? 0 }
      }),
  }
}

/** One row per hit of the page, each with the total; one row without a hit for an empty page. */
async function matches(
  trx: Transaction<unknown>,
  { text, legacyId, visibility, first, after }: SearchQuery,
): Promise<readonly Row[]> {
  const beyond =
    after === undefined
      ? sql<SqlBool>`true`
      : sql<SqlBool>`(score < ${after.score}::real
          or (score = ${after.score}::real and story_id > ${after.storyId}))`
  const ofLegacy = legacyId === undefined ? sql`true` : sql`legacy_id = ${legacyId}`
  const { rows } = await sql<Row>`
    with search as materialized (
      select websearch_to_tsquery('heirloom', ${asWords(text)}) as words
    ), matching as materialized (
      select story_id, ts_rank(story_document.words, search.words, 1) as score
      from story_document, search
      where tenant_id = current_setting('heirloom.tenant_id') and not deleted
        and story_document.words @@ search.words and ${visibleTo(visibility)} and ${ofLegacy}
    ), page as materialized (
      select story_id, score from matching where ${beyond}
      order by score desc, story_id limit ${first + 1}
    )
    select total, page.story_id, page.score,
      ${headline('title')} as title, ${headline('body')} as body
    from (select count(*)::int as total from matching) as counted
    left join (page join story_document using (story_id) cross join search) on true
    order by page.score desc, page.story_id`.execute(trx)
  return rows
}

function visibleTo(visibility: StoryVisibility): RawBuilder<SqlBool> {
  if (visibility.length === 0) return sql`false`
  return sql`(${sql.join(visibility.map(meets), sql` or `)})`
}

function meets({
  legacyIds,
  storyIds,
  authorId,
  states,
  levels,
}: StoryClause): RawBuilder<SqlBool> {
  // What was indexed before there were other states has none.
  const conditions = [
    ...among(sql`legacy_id`, legacyIds),
    ...among(sql`story_id`, storyIds),
    ...among(sql`coalesce(state, status)`, states),
    ...among(sql`level`, levels),
    ...(authorId === undefined ? [] : [sql<SqlBool>`author_id = ${authorId}`]),
  ]
  return conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, sql` and `)})`
}

function among(
  column: RawBuilder<unknown>,
  values: readonly string[] | undefined,
): readonly RawBuilder<SqlBool>[] {
  return values === undefined ? [] : [sql<SqlBool>`${column} = any(${[...values]}::text[])`]
}

/** For those who read the index by it, from before there were other states. */
function statusOf({ state }: StoryDoc): 'DRAFT' | 'PUBLISHED' {
  return state === 'PUBLISHED' ? state : 'DRAFT'
}

/** The query as the index holds words: composed, and without what the parser must not see. */
function asWords(text: string): string {
  return text.normalize('NFC').replace(/[<>/]/g, ' ')
}

// translate() drops the characters of its first list that have no counterpart in the second.
function headline(column: keyof typeof headlineOptions): RawBuilder<string> {
  return sql`ts_headline('heirloom',
    translate(${sql.ref(column)}, ${hidden.from + reserved}, ${hidden.to}),
    search.words, ${headlineOptions[column]})`
}
