import { AppError } from '@heirloom/errors'
import { ensureActor } from './ensure-tenant.js'
import { legacyCreated } from './events.js'
import { newLegacyId } from './ids.js'
import type { Legacy } from './legacy.js'
import type { Changes } from './ports.js'
import type { Scope } from './scope.js'
import { slug, slugOfTitle } from './slug.js'
import { description, title } from './text.js'

export interface CreateLegacy {
  readonly title: string
  readonly slug?: string | null | undefined
  readonly description?: string | null | undefined
  readonly idempotencyKey?: string | null | undefined
}

/** @throws AppError FORBIDDEN, INVALID_INPUT, PAYLOAD_TOO_LARGE, CONFLICT (the slug is taken) */
export async function createLegacy(
  scope: Scope,
  { idempotencyKey, ...input }: CreateLegacy,
): Promise<Legacy> {
  const { tenant, authorizer, store } = scope
  authorizer.require(tenant, 'legacy:create', { kind: 'Legacy', tenantId: tenant.tenantId })
  const wanted = {
    title: title(input.title),
    slug: typeof input.slug === 'string' ? slug(input.slug) : null,
    description: typeof input.description === 'string' ? description(input.description) : null,
  }
  return store.change(async (changes) => {
    const request = { operation: 'legacy:create', key: idempotencyKey, input: wanted }
    const id = await changes.once(request, async () => {
      const user = await ensureActor(scope, changes)
      const legacy = await insertWithSlug(changes, wanted.slug, {
        id: newLegacyId(scope.newId),
        title: wanted.title,
        description: wanted.description,
        createdBy: user.id,
        createdAt: scope.now(),
      })
      await changes.announce(legacyCreated(legacy))
      return legacy.id
    })
    const [legacy] = await changes.legacies.byIds([id])
    if (legacy === undefined) throw new AppError('NOT_FOUND', 'the legacy is no longer there')
    return legacy
  })
}

/** A slug that was asked for must be free; one made from the title gives way to those before it. */
async function insertWithSlug(
  changes: Changes,
  wanted: string | null,
  rest: Omit<Legacy, 'slug'>,
): Promise<Legacy> {
  for (const candidate of wanted === null ? slugCandidates(rest) : [wanted]) {
    const legacy = { ...rest, slug: candidate }
    if (await changes.legacies.insertUnlessSlugTaken(legacy)) return legacy
  }
  throw new AppError('CONFLICT', `the slug "${wanted ?? ''}" is taken`, {
    details: { field: 'slug' },
  })
}

/** The readable form, then the same with the id behind it, which nobody else can have. */
function slugCandidates({ id, title }: Omit<Legacy, 'slug'>): readonly string[] {
  const readable = slugOfTitle(title)
  const unique = id.toLowerCase()
  if (readable === '') return [`legacy-${unique}`]
  return [readable, `${readable.slice(0, maxReadableCharacters).replace(/-$/, '')}-${unique}`]
}

// Leaves room for a hyphen and a ULID within the 100 characters of a slug.
const maxReadableCharacters = 73
