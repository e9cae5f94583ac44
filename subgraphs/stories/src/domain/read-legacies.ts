import type { LegacyId } from './ids.js'
import type { Legacy } from './legacy.js'
import type { Page } from './page.js'
import type { Scope } from './scope.js'
import { isSlug } from './slug.js'
import { mayReadLegacy, visibleLegacies } from './visibility.js'

/** What is unknown or not the caller's to read is left out. */
export async function findLegacies(
  scope: Scope,
  ids: readonly LegacyId[],
): Promise<readonly Legacy[]> {
  return scope.store.legacies.byIds(ids.filter((id) => mayReadLegacy(scope, id)))
}

export async function findLegacyBySlug(scope: Scope, slug: string): Promise<Legacy | null> {
  const legacy = isSlug(slug) ? await scope.store.legacies.bySlug(slug) : null
  return legacy !== null && mayReadLegacy(scope, legacy.id) ? legacy : null
}

export async function listLegacies(scope: Scope, page: Page<LegacyId>): Promise<readonly Legacy[]> {
  const visible = visibleLegacies(scope)
  return visible.length === 0 ? [] : scope.store.legacies.page(page, visible)
}
