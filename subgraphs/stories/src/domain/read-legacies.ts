import type { LegacyId } from './ids.js'
import type { Legacy } from './legacy.js'
import type { Page } from './ports.js'
import type { Scope } from './scope.js'
import { isSlug } from './slug.js'
import { mayReadLegacies } from './visibility.js'

/** What is unknown or not the caller's to read is left out. */
export async function findLegacies(
  scope: Scope,
  ids: readonly LegacyId[],
): Promise<readonly Legacy[]> {
  return mayReadLegacies(scope) ? scope.store.legacies.byIds(ids) : []
}

export async function findLegacyBySlug(scope: Scope, slug: string): Promise<Legacy | null> {
  return isSlug(slug) && mayReadLegacies(scope) ? scope.store.legacies.bySlug(slug) : null
}

export async function listLegacies(scope: Scope, page: Page<LegacyId>): Promise<readonly Legacy[]> {
  return mayReadLegacies(scope) ? scope.store.legacies.page(page) : []
}
