import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testTenant } from '@heirloom/testkit'
import { documents, run, startStoriesRig, type StoriesRig } from './testing/stories-rig.js'

let rig: StoriesRig
beforeAll(async () => {
  rig = await startStoriesRig()
})
afterAll(() => rig.close())

interface LegacyAnswer {
  readonly legacy: { readonly id: string; readonly slug: string }
}

describe('a legacy', () => {
  it('is found by id and by slug, and announced', async () => {
    const tenant = testTenant()
    const gql = await rig.as(tenant)
    const { legacy } = await run<LegacyAnswer>(gql, documents.createLegacy, {
      title: 'The Brontës of Haworth',
      description: 'Three sisters.',
    })
    expect(legacy).toMatchObject({
      slug: 'the-brontes-of-haworth',
      title: 'The Brontës of Haworth',
      description: 'Three sisters.',
    })
    const { data } = await gql(
      'query ($id: ID!, $slug: String!) { a: legacy(id: $id) { id } b: legacy(slug: $slug) { id } }',
      legacy,
    )
    expect(data).toEqual({ a: { id: legacy.id }, b: { id: legacy.id } })
    expect(await rig.events(tenant)).toMatchObject([
      {
        type: 'LegacyCreated',
        resource: { kind: 'Legacy', id: legacy.id },
        payload: {
          legacy_id: legacy.id,
          title: 'The Brontës of Haworth',
          slug: 'the-brontes-of-haworth',
        },
      },
    ])
  })

  it('gets a slug of its own when its title’s is taken, or has no letters to make one from', async () => {
    const gql = await rig.as(testTenant())
    const slugs: string[] = []
    for (const title of ['Smith', 'Smith', 'x'.repeat(300), 'x'.repeat(300), '家族']) {
      slugs.push((await run<LegacyAnswer>(gql, documents.createLegacy, { title })).legacy.slug)
    }
    expect(slugs).toEqual([
      'smith',
      expect.stringMatching(/^smith-[0-9a-z]{26}$/),
      'x'.repeat(100),
      expect.stringMatching(/^x{73}-[0-9a-z]{26}$/),
      expect.stringMatching(/^legacy-[0-9a-z]{26}$/),
    ])
  })

  it.each([
    ['a slug with capitals', { slug: 'Smith' }, 'INVALID_INPUT'],
    ['a slug with a path', { slug: '../smith' }, 'INVALID_INPUT'],
    ['an empty slug', { slug: '' }, 'INVALID_INPUT'],
    ['a slug of 101 characters', { slug: 'x'.repeat(101) }, 'INVALID_INPUT'],
    ['no title', { title: '' }, 'INVALID_INPUT'],
    ['a description of 10,001 bytes', { description: 'x'.repeat(10_001) }, 'PAYLOAD_TOO_LARGE'],
  ])('is not made with %s', async (_title, bad, code) => {
    const tenant = testTenant()
    const { errors } = await (
      await rig.as(tenant)
    )(documents.createLegacy, {
      input: { title: 'Smith', ...bad },
    })
    expect(errors).toMatchObject([{ extensions: { code } }])
    expect(await rig.counts(tenant)).toMatchObject({ legacy: 0, outbox: 0 })
  })

  it.each(['{ legacy { id } }', '{ legacy(id: "x", slug: "y") { id } }'])(
    'is asked for by exactly one of id and slug, unlike %s',
    async (query) => {
      const { errors } = await (await rig.as(testTenant()))(query)
      expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }])
    },
  )
})
