/**
 * Attribution contracts: per platform, how links to it are marked (utm parameters), kept in the
 * table `attribution_contracts` of a tabular store with routes of its own (layouts/attribution.ts).
 */
import { AppError } from '@heirloom/errors'
import { attributionLayout } from '../layouts/attribution.js'
import { recordKeys } from '../layouts/store-layout.js'
import type { JsonObject, RecordTable } from '../ports/record-table.js'
import type { StoreOptions } from './contention.js'
import { boundedText, identifier, invalid, optionalText } from './input.js'
import { dateField, objectField, optionalTextField, textField } from './record-fields.js'
import type { Page, PageRequest } from './record-page.js'
import { createTabularStore } from './tabular.js'

export const utmParameters = [
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_term',
  'utm_content',
] as const
export type UtmParameter = (typeof utmParameters)[number]
/** Texts with names in braces to be filled in: `{campaign}-{year}`. */
export type UtmTemplate = { readonly [P in UtmParameter]?: string }

export interface NewAttributionContract {
  /** `newsletter`, `instagram`, … */
  readonly platform: string
  readonly utmTemplate: UtmTemplate
  readonly note?: string | null
}

export interface AttributionContract extends NewAttributionContract {
  readonly note: string | null
  readonly changedAt: Date
  readonly changedBy: string
}

export interface AttributionStore {
  /** Writes a platform's contract, all of it. Atomic; the last writer wins; safe to repeat. */
  save(contract: NewAttributionContract, by: string): Promise<AttributionContract>
  get(platform: string): Promise<AttributionContract | null>
  /** By platform. @throws AppError CURSOR_INVALID, INVALID_INPUT */
  list(page: PageRequest): Promise<Page<AttributionContract>>
  /** Safe to repeat. */
  delete(platform: string): Promise<void>
  /**
   * A link as it is to be published on the platform: its contract's parameters filled in, and set in
   * place of those that the link has.
   * @throws AppError NOT_FOUND without a contract, INVALID_INPUT for what is no http link, and for
   *   names in the template that have no value
   */
  mark(platform: string, link: string, values: Readonly<Record<string, string>>): Promise<string>
}

const table = 'attribution_contracts'
const namePattern = /\{([a-z][a-z0-9_]{0,31})\}/g
const maxTemplateLength = 256
const maxNoteLength = 2_000

export function createAttributionStore(
  records: RecordTable,
  options: StoreOptions = {},
): AttributionStore {
  const now = options.now ?? Date.now
  const keys = recordKeys(attributionLayout.records.row)
  const rows = createTabularStore(records, { ...options, keys })

  async function get(platform: string): Promise<AttributionContract | null> {
    const row = await rows.get(table, identifier(platform, 'the platform'))
    return row === null ? null : readContract(row.data)
  }

  return {
    save: async (given, by) => {
      const contract: AttributionContract = {
        platform: identifier(given.platform, 'the platform'),
        utmTemplate: checkTemplate(given.utmTemplate),
        note: optionalText(given.note, 'the note', maxNoteLength),
        changedAt: new Date(now()),
        changedBy: identifier(by, 'the actor'),
      }
      await rows.upsert(table, contract.platform, writeContract(contract))
      return contract
    },
    get,
    list: async (page) => {
      const { items, next } = await rows.listByPrefix(table, '', page)
      return { items: items.map(({ data }) => readContract(data)), next }
    },
    delete: async (platform) => rows.delete(table, platform),
    mark: async (platform, link, values) => {
      const contract = await get(platform)
      if (contract === null) {
        throw new AppError('NOT_FOUND', 'this platform has no attribution contract')
      }
      const url = httpUrl(link)
      for (const [name, template] of Object.entries(contract.utmTemplate)) {
        url.searchParams.set(name, fill(template, values))
      }
      return url.href
    },
  }
}

function checkTemplate(given: UtmTemplate): UtmTemplate {
  const entries = Object.entries(given)
  if (entries.length === 0) throw invalid('a utm template has at least one parameter')
  for (const [name, template] of entries) {
    if (!utmParameters.some((parameter) => parameter === name)) {
      throw invalid(`there is no utm parameter "${name.slice(0, 64)}"`)
    }
    boundedText(template, name, maxTemplateLength)
    if (/[{}]/.test(template.replace(namePattern, ''))) {
      throw invalid(`the braces in "${name}" hold no name`)
    }
  }
  return given
}

function fill(template: string, values: Readonly<Record<string, string>>): string {
  return template.replace(namePattern, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    if (value !== undefined) return value
    throw invalid(`the link needs a value for "${name}"`)
  })
}

function httpUrl(link: string): URL {
  const url = URL.canParse(link) ? new URL(link) : null
  if (url !== null && ['http:', 'https:'].includes(url.protocol)) return url
  throw invalid('this is no http link')
}

function writeContract(contract: AttributionContract): JsonObject {
  return {
    platform: contract.platform,
    utm_template: contract.utmTemplate,
    note: contract.note,
    changed_at: contract.changedAt.toISOString(),
    changed_by: contract.changedBy,
  }
}

function readContract(value: JsonObject): AttributionContract {
  return {
    platform: textField(value, 'platform'),
    utmTemplate: objectField(value, 'utm_template'),
    note: optionalTextField(value, 'note'),
    changedAt: dateField(value, 'changed_at'),
    changedBy: textField(value, 'changed_by'),
  }
}
