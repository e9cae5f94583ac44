import { legacyId } from './ids.js'
import type { PageQuery, PeopleQuery } from './ports.js'
import { searchName } from './search-name.js'
import { maxNameLength, optionalText } from './text.js'

/**
 * The search that a caller asks for; null when nobody can be found, since there is no legacy with
 * such an id.
 * @throws AppError INVALID_INPUT for a name that no person could have
 */
export function peopleQuery(
  page: PageQuery,
  asked: { readonly legacyId?: string | null; readonly name?: string | null },
): PeopleQuery | null {
  const text = optionalText(asked.name, 'name', maxNameLength)
  const wanted = { ...page, searchName: text === null ? undefined : searchName(text) }
  if (asked.legacyId === null || asked.legacyId === undefined) return wanted
  const legacy = legacyId(asked.legacyId)
  return legacy === null ? null : { ...wanted, legacyId: legacy }
}
