/**
 * What search engines are told about a page, kept in the table `seo_configs` of a tabular store with
 * routes of its own (layouts/seo-config.ts). The key of a row is `{surface_id}#{locale}#{page}`.
 */
import { seoConfigLayout } from '../layouts/seo-config.js'
import { joinKey, keyPrefix } from '../keys.js'
import { recordKeys } from '../layouts/store-layout.js'
import type { JsonObject, RecordTable } from '../ports/record-table.js'
import type { StoreOptions } from './contention.js'
import { boundedText, identifier, invalid, optionalText } from './input.js'
import { dateField, listField, objectField, optionalTextField, textField } from './record-fields.js'
import type { Page, PageRequest } from './record-page.js'
import { everySurface, surfacePart } from './surface.js'
import { createTabularStore } from './tabular.js'

export interface SeoPage {
  /** Null: every surface. */
  readonly surfaceId: string | null
  /** BCP 47 (`de`, `pt-BR`); null: every language. */
  readonly locale: string | null
  /** A path, `/stories`; `*` for every page. */
  readonly page: string
}

export interface NewSeoConfig extends SeoPage {
  readonly title: string | null
  readonly description: string | null
  readonly keywords: readonly string[]
  readonly canonicalUrl: string | null
  /** `noindex, nofollow` and the like. */
  readonly robots: string | null
  readonly openGraph: Readonly<Record<string, string>>
  /** JSON-LD */
  readonly structuredData: JsonObject | null
}

export interface SeoConfig extends NewSeoConfig {
  readonly changedAt: Date
  readonly changedBy: string
}

export interface SeoConfigStore {
  /** Writes a page's config, all of it. Atomic; the last writer wins; safe to repeat. */
  save(config: NewSeoConfig, by: string): Promise<SeoConfig>
  /** Of just this surface, language and page. */
  get(page: SeoPage): Promise<SeoConfig | null>
  /**
   * The config that holds: the page's own before `*`, then the surface's before of every surface,
   * then the language's before of every language; the first that there is, whole and not merged.
   */
  find(page: SeoPage): Promise<SeoConfig | null>
  /** Of one surface, by language and page. @throws AppError CURSOR_INVALID, INVALID_INPUT */
  list(surfaceId: string | null, page: PageRequest): Promise<Page<SeoConfig>>
  /** Safe to repeat. */
  delete(page: SeoPage): Promise<void>
}

const table = 'seo_configs'
const everyPage = '*'
const maxTitleLength = 200
const maxDescriptionLength = 1_000
const maxListed = 50
const maxPathLength = 200
const robotsPattern = /^[a-z][a-z-]*(:[\w-]+)?(, ?[a-z][a-z-]*(:[\w-]+)?)*$/
const localePattern = /^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/

export function createSeoConfigStore(
  records: RecordTable,
  options: StoreOptions = {},
): SeoConfigStore {
  const now = options.now ?? Date.now
  const keys = recordKeys(seoConfigLayout.records.row)
  const rows = createTabularStore(records, { ...options, keys })

  async function get(page: SeoPage): Promise<SeoConfig | null> {
    const row = await rows.get(table, keyOf(page))
    return row === null ? null : readConfig(row.data)
  }

  return {
    save: async (given, by) => {
      const config: SeoConfig = {
        ...checkConfig(given),
        changedAt: new Date(now()),
        changedBy: identifier(by, 'the actor'),
      }
      await rows.upsert(table, keyOf(config), writeConfig(config))
      return config
    },
    get,
    find: async ({ surfaceId, locale, page }) => {
      const pages = page === everyPage ? [page] : [page, everyPage]
      const surfaces = surfaceId === null ? [null] : [surfaceId, null]
      const locales = locale === null ? [null] : [locale, null]
      const places = pages.flatMap((onePage) =>
        surfaces.flatMap((surface) =>
          locales.map((language) => ({ surfaceId: surface, locale: language, page: onePage })),
        ),
      )
      return (await Promise.all(places.map(get))).find((config) => config !== null) ?? null
    },
    list: async (surfaceId, page) => {
      const prefix = keyPrefix(surfacePart(surfaceId))
      const { items, next } = await rows.listByPrefix(table, prefix, page)
      return { items: items.map(({ data }) => readConfig(data)), next }
    },
    delete: async (page) => rows.delete(table, keyOf(page)),
  }
}

function keyOf({ surfaceId, locale, page }: SeoPage): string {
  if (locale !== null && !localePattern.test(locale)) throw invalid('this is no language tag')
  if (page !== everyPage && !boundedText(page, 'the page', maxPathLength).startsWith('/')) {
    throw invalid('a page is a path that starts with /, or *')
  }
  // Tags are compared without case (RFC 5646, section 2.1.1).
  return joinKey(surfacePart(surfaceId), locale?.toLowerCase() ?? '', page)
}

function checkConfig(given: NewSeoConfig): NewSeoConfig {
  const { canonicalUrl, robots, keywords, openGraph } = given
  if (keywords.length > maxListed || Object.keys(openGraph).length > maxListed) {
    throw invalid(`at most ${maxListed} keywords and ${maxListed} open graph properties`)
  }
  for (const keyword of keywords) boundedText(keyword, 'a keyword', maxTitleLength)
  for (const [property, content] of Object.entries(openGraph)) {
    if (!/^[a-z]+(:[a-z_]+)+$/.test(property)) throw invalid('this is no open graph property')
    boundedText(content, property, maxDescriptionLength)
  }
  if (
    canonicalUrl !== null &&
    !/^https?:\/\//.test(URL.canParse(canonicalUrl) ? canonicalUrl : '')
  ) {
    throw invalid('the canonical url is no http link')
  }
  if (robots !== null && !robotsPattern.test(robots))
    throw invalid('these are no robots directives')
  return {
    surfaceId: given.surfaceId,
    locale: given.locale,
    page: given.page,
    title: optionalText(given.title, 'the title', maxTitleLength),
    description: optionalText(given.description, 'the description', maxDescriptionLength),
    keywords,
    canonicalUrl,
    robots,
    openGraph,
    structuredData: given.structuredData,
  }
}

function writeConfig(config: SeoConfig): JsonObject {
  return {
    surface_id: config.surfaceId ?? everySurface,
    locale: config.locale,
    page: config.page,
    title: config.title,
    description: config.description,
    keywords: config.keywords,
    canonical_url: config.canonicalUrl,
    robots: config.robots,
    open_graph: config.openGraph,
    structured_data: config.structuredData,
    changed_at: config.changedAt.toISOString(),
    changed_by: config.changedBy,
  }
}

function readConfig(value: JsonObject): SeoConfig {
  const surface = textField(value, 'surface_id')
  return {
    surfaceId: surface === everySurface ? null : surface,
    locale: optionalTextField(value, 'locale'),
    page: textField(value, 'page'),
    title: optionalTextField(value, 'title'),
    description: optionalTextField(value, 'description'),
    keywords: listField(value, 'keywords').map(String),
    canonicalUrl: optionalTextField(value, 'canonical_url'),
    robots: optionalTextField(value, 'robots'),
    openGraph: objectField(value, 'open_graph') as Readonly<Record<string, string>>,
    structuredData:
      (value['structured_data'] ?? null) === null ? null : objectField(value, 'structured_data'),
    changedAt: dateField(value, 'changed_at'),
    changedBy: textField(value, 'changed_by'),
  }
}
