import { AppError } from '@heirloom/errors'
import type { SeoPage } from '@heirloom/persistence'
import { actorOf } from '../../domain/scope.js'
import type { MutationResolvers, QueryResolvers } from '../../generated/resolvers.js'
import { optionalJson } from '../json.js'
import { pageRequest, storePage } from '../store-page.js'

export const seoQueries: Pick<QueryResolvers, 'seoConfig' | 'effectiveSeoConfig' | 'seoConfigs'> = {
  seoConfig: (_parent, args, { scope }) => scope.stores.seo().get(pageOf(args)),
  effectiveSeoConfig: (_parent, args, { scope }) => scope.stores.seo().find(pageOf(args)),
  seoConfigs: (_parent, { surfaceId, ...args }, { scope }) =>
    storePage(scope.stores.seo().list(surfaceId ?? null, pageRequest(args))),
}

export const seoMutations: Pick<MutationResolvers, 'saveSeoConfig' | 'deleteSeoConfig'> = {
  saveSeoConfig: async (_parent, { input }, { scope }) => {
    const config = {
      ...pageOf(input),
      title: input.title ?? null,
      description: input.description ?? null,
      keywords: input.keywords ?? [],
      canonicalUrl: input.canonicalUrl ?? null,
      robots: input.robots ?? null,
      openGraph: propertiesOf(input.openGraph),
      structuredData: optionalJson(input.structuredData),
    }
    return { config: await scope.stores.seo().save(config, actorOf(scope.tenant)) }
  },
  deleteSeoConfig: async (_parent, { input }, { scope }) => {
    await scope.stores.seo().delete(pageOf(input))
    return { deletedPage: input.page }
  },
}

function pageOf(given: {
  readonly surfaceId?: string | null | undefined
  readonly locale?: string | null | undefined
  readonly page: string
}): SeoPage {
  return { surfaceId: given.surfaceId ?? null, locale: given.locale ?? null, page: given.page }
}

function propertiesOf(given: unknown): Readonly<Record<string, string>> {
  if (given === undefined || given === null) return {}
  const isTexts =
    typeof given === 'object' && Object.values(given).every((value) => typeof value === 'string')
  if (!isTexts) throw new AppError('INVALID_INPUT', '"openGraph" must be an object of texts')
  return given as Readonly<Record<string, string>>
}
