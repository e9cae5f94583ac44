import { storyVisibility, type Authorizer } from '@heirloom/authz'
import { AppError } from '@heirloom/errors'
import type { TenantContext } from '@heirloom/tenancy'
import type { SearchAdapter, SearchQuery, SearchResults, StoryHit } from './ports.js'

/** What a use case runs with: one caller, one tenant. */
export interface Scope {
  readonly tenant: TenantContext
  readonly authorizer: Authorizer
  readonly index: SearchAdapter
}

export type SearchRequest = Omit<SearchQuery, 'visibility'>

const maxQueryLength = 500

/** @throws AppError INVALID_INPUT for an empty or too long query, FORBIDDEN */
export async function searchStories(
  { tenant, authorizer, index }: Scope,
  request: SearchRequest,
): Promise<SearchResults<StoryHit>> {
  authorizer.require(tenant, 'search:read', { kind: 'Tenant', tenantId: tenant.tenantId })
  return index.searchStories({
    ...request,
    text: queryText(request.text),
    visibility: storyVisibility(authorizer, tenant),
  })
}

function queryText(text: string): string {
  // NUL and lone surrogates are no text: no store keeps them, so nothing can match them.
  const clean = Buffer.from(text, 'utf8').toString('utf8').replaceAll('\0', ' ').trim()
  if (clean === '') throw new AppError('INVALID_INPUT', 'say what to search for')
  if (Array.from(clean).length > maxQueryLength) {
    throw new AppError('INVALID_INPUT', `a query has at most ${maxQueryLength} characters`)
  }
  return clean
}
