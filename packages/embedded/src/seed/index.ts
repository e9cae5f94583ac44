import { createHash } from 'node:crypto'
import { AppError } from '@heirloom/errors'
import { bronte } from './bronte.js'
import { darwin } from './darwin.js'
import type { Family, SeedPicture, SeedStory } from './family.js'

export interface SeedOptions {
  readonly gatewayUrl: string
  /** A Bearer token of the tenant's owner. */
  readonly token: (tenantId: string) => Promise<string>
  readonly onProgress?: (message: string) => void
}

type Ask = <Data>(query: string, variables: Record<string, unknown>) => Promise<Data>

const source = 'heirloom-seed'

/**
 * Tells the demo tenants their families through the gateway, as a client would. Every step has
 * an idempotency key of its own, so a seed that was cut short can be run again.
 */
export async function seed(options: SeedOptions): Promise<void> {
  await Promise.all(
    [bronte, darwin].map(async (family) => {
      const ask = client(options.gatewayUrl, await options.token(family.tenantId))
      await seedFamily(family, ask)
      options.onProgress?.(family.legacy.title)
    }),
  )
}

async function seedFamily(family: Family, ask: Ask): Promise<void> {
  const { createLegacy } = await ask<{ createLegacy: { legacy: { id: string } } }>(
    `mutation SeedLegacy($input: CreateLegacyInput!) { createLegacy(input: $input) { legacy { id } } }`,
    { input: { ...family.legacy, idempotencyKey: `${source}/legacy` } },
  )
  const legacyId = createLegacy.legacy.id
  const people = await seedPeople(family, legacyId, ask)
  const stories = new Map<string, string>()
  // One after the other, so that they are listed in the order in which they are told.
  for (const story of family.stories) stories.set(story.key, await seedStory(story, legacyId, ask))
  await Promise.all([
    ...family.stories.map((story) => seedTies(story, found(stories, story.key), people, ask)),
    ...family.pictures.map((picture) =>
      seedPicture(picture, legacyId, found(stories, picture.story), ask),
    ),
  ])
}

async function seedStory(story: SeedStory, legacyId: string, ask: Ask): Promise<string> {
  const { createStory } = await ask<{ createStory: { story: { id: string } } }>(
    `mutation SeedStory($input: CreateStoryInput!) { createStory(input: $input) { story { id } } }`,
    {
      input: {
        legacyId,
        title: story.title,
        body: story.body,
        idempotencyKey: `${source}/story/${story.key}`,
      },
    },
  )
  return createStory.story.id
}

/** Who the story is about, and that it may be read: one request. */
async function seedTies(
  story: SeedStory,
  storyId: string,
  people: ReadonlyMap<string, string>,
  ask: Ask,
): Promise<void> {
  const links = story.about.map((key) => ({ personId: found(people, key), storyId }))
  const declared = links.map((_, index) => `$link${index}: LinkPersonToStoryInput!`)
  const calls = links.map(
    (_, index) => `link${index}: linkPersonToStory(input: $link${index}) { person { id } }`,
  )
  if (story.draft !== true) {
    declared.push('$publish: PublishStoryInput!')
    calls.push('publishStory(input: $publish) { __typename }')
  }
  await ask(`mutation SeedTies(${declared.join(', ')}) { ${calls.join('\n')} }`, {
    ...Object.fromEntries(links.map((link, index) => [`link${index}`, link])),
    publish: {
      id: storyId,
      expectedRevision: 1,
      idempotencyKey: `${source}/publish/${story.key}`,
    },
  })
}

/** Resolves to the ids by key. */
async function seedPeople(
  family: Family,
  legacyId: string,
  ask: Ask,
): Promise<ReadonlyMap<string, string>> {
  await ask(
    `mutation SeedTree($input: ImportTreeInput!) { importTree(input: $input) { peopleCreated } }`,
    {
      input: {
        legacyId,
        source,
        people: family.people.map((person) => ({
          externalId: person.key,
          name: person.name,
          sex: person.sex,
          birthDate: person.born,
          birthYear: yearOf(person.born),
          birthPlace: person.bornAt,
          deathDate: person.died,
          deathYear: yearOf(person.died),
          deathPlace: person.diedAt,
        })),
        relationships: family.households.flatMap(({ partners, children }) => [
          ...(partners.length === 2 ? [relationship('PARTNER', partners[0], partners[1])] : []),
          ...children.flatMap((child) =>
            partners.map((parent) => relationship('PARENT', parent, child)),
          ),
        ]),
      },
    },
  )
  const { people } = await ask<{ people: { nodes: { id: string; name: string }[] } }>(
    `query SeedPeople($legacyId: ID!) { people(legacyId: $legacyId, first: 100) { nodes { id name } } }`,
    { legacyId },
  )
  const ids = new Map(people.nodes.map(({ id, name }) => [name, id]))
  return new Map(family.people.map(({ key, name }) => [key, found(ids, name)]))
}

async function seedPicture(
  picture: SeedPicture,
  legacyId: string,
  storyId: string,
  ask: Ask,
): Promise<void> {
  const bytes = Buffer.from(picture.svg)
  const { requestUpload } = await ask<{
    requestUpload: {
      mediaAsset: { id: string }
      upload: { url: string; method: string; headers: { name: string; value: string }[] }
    }
  }>(
    `mutation SeedPicture($input: RequestUploadInput!) {
      requestUpload(input: $input) {
        mediaAsset { id }
        upload { url method headers { name value } }
      }
    }`,
    {
      input: {
        legacyId,
        storyId,
        fileName: picture.fileName,
        contentType: 'image/svg+xml',
        size: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        caption: picture.caption,
        idempotencyKey: `${source}/picture/${picture.key}`,
      },
    },
  )
  const { url, method, headers } = requestUpload.upload
  const sent = await fetch(url, {
    method,
    headers: Object.fromEntries(headers.map(({ name, value }) => [name, value])),
    body: bytes,
  })
  if (!sent.ok) {
    throw new AppError('BACKEND_UNAVAILABLE', `the object store answered ${sent.status}`)
  }
  await ask(
    `mutation SeedPictureDone($input: CompleteUploadInput!) { completeUpload(input: $input) { mediaAsset { status } } }`,
    { input: { id: requestUpload.mediaAsset.id } },
  )
}

function relationship(kind: string, from: string | undefined, to: string | undefined) {
  return { kind, fromExternalId: from, toExternalId: to }
}

function yearOf(date: string | undefined): number | undefined {
  const year = /\d{4}/.exec(date ?? '')?.[0]
  return year === undefined ? undefined : Number(year)
}

function found(ids: ReadonlyMap<string, string>, key: string): string {
  const id = ids.get(key)
  if (id === undefined) throw new AppError('NOT_FOUND', `the seed does not know "${key}"`)
  return id
}

function client(gatewayUrl: string, token: string): Ask {
  return async <Data>(query: string, variables: Record<string, unknown>): Promise<Data> => {
    const response = await fetch(`${gatewayUrl}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ query, variables }),
    })
    const answer = (await response.json()) as { data?: Data; errors?: { message: string }[] }
    if (answer.data === undefined || answer.data === null || answer.errors !== undefined) {
      const what = answer.errors?.map(({ message }) => message).join('; ') ?? response.status
      throw new AppError('INTERNAL', `the seed was refused: ${what}`)
    }
    return answer.data
  }
}
