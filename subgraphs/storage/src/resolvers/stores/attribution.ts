import { AppError } from '@heirloom/errors'
import { utmParameters, type UtmTemplate } from '@heirloom/persistence'
import { actorOf } from '../../domain/scope.js'
import type {
  MutationResolvers,
  QueryResolvers,
  UtmTemplateInput,
  UtmTemplateResolvers,
} from '../../generated/resolvers.js'
import { pageRequest, storePage } from '../store-page.js'

export const attributionQueries: Pick<
  QueryResolvers,
  'attributionContract' | 'attributionContracts' | 'attributedLink'
> = {
  attributionContract: (_parent, { platform }, { scope }) =>
    scope.stores.attribution().get(platform),
  attributionContracts: (_parent, args, { scope }) =>
    storePage(scope.stores.attribution().list(pageRequest(args))),
  attributedLink: (_parent, { platform, link, values }, { scope }) =>
    scope.stores.attribution().mark(platform, link, textsOf(values)),
}

export const attributionMutations: Pick<
  MutationResolvers,
  'saveAttributionContract' | 'deleteAttributionContract'
> = {
  saveAttributionContract: async (_parent, { input }, { scope }) => ({
    contract: await scope.stores.attribution().save(
      {
        platform: input.platform,
        utmTemplate: templateOf(input.utmTemplate),
        note: input.note ?? null,
      },
      actorOf(scope.tenant),
    ),
  }),
  deleteAttributionContract: async (_parent, { input: { platform } }, { scope }) => {
    await scope.stores.attribution().delete(platform)
    return { deletedPlatform: platform }
  },
}

export const utmTemplateResolvers: UtmTemplateResolvers = {
  source: (template) => template.utm_source ?? null,
  medium: (template) => template.utm_medium ?? null,
  campaign: (template) => template.utm_campaign ?? null,
  term: (template) => template.utm_term ?? null,
  content: (template) => template.utm_content ?? null,
}

function templateOf(given: UtmTemplateInput): UtmTemplate {
  const entries = utmParameters.flatMap((parameter) => {
    const value = given[withoutPrefix(parameter)]
    return typeof value === 'string' ? [[parameter, value] as const] : []
  })
  return Object.fromEntries(entries)
}

function withoutPrefix<Name extends string>(parameter: `utm_${Name}`): Name {
  return parameter.slice('utm_'.length) as Name
}

function textsOf(values: unknown): Readonly<Record<string, string>> {
  if (values === undefined || values === null) return {}
  const isTexts =
    typeof values === 'object' && Object.values(values).every((value) => typeof value === 'string')
  if (!isTexts) throw new AppError('INVALID_INPUT', '"values" must be an object of texts')
  return values as Readonly<Record<string, string>>
}
