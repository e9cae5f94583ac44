import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { TenantContext } from '@heirloom/tenancy'
import { testTenant, type GraphQLClient } from '@heirloom/testkit'
import { accessDocuments, codeOf, setRole, member, clientOf } from './testing/access-documents.js'
import {
  colleague,
  createLegacy,
  createStory,
  documents,
  run,
  startStoriesRig,
  type StoriesRig,
  type StoryAnswer,
} from './testing/stories-rig.js'

const states = ['DRAFT', 'IN_REVIEW', 'PUBLISHED', 'REJECTED', 'HIDDEN'] as const
type State = (typeof states)[number]
type Who = 'author' | 'editor' | 'viewer'

// Written by hand: who moves a story from the state of the row to that of the column. a its author,
// e editors, - nobody: there is no such move. A story that is there already is left as it is.
const table = `
            DRAFT  IN_REVIEW  PUBLISHED  REJECTED  HIDDEN
DRAFT       ae     ae         e          -         e
IN_REVIEW   ae     ae         e          e         e
PUBLISHED   -      -          e          -         e
REJECTED    ae     ae         e          e         e
HIDDEN      e      -          e          -         e
`
const [header = [], ...rows] = table
  .trim()
  .split('\n')
  .map((line) => line.trim().split(/ +/))
const moves = rows.flatMap(([from, ...cells]) =>
  cells.map((cell, index) => [from as State, header[index] as State, cell] as const),
)

describe('the states of a story', () => {
  let rig: StoriesRig
  let owner: TenantContext
  let as: Record<Who, GraphQLClient>
  let legacyId: string

  beforeAll(async () => {
    rig = await startStoriesRig()
  })
  afterAll(() => rig.close())
  beforeEach(async () => {
    owner = testTenant()
    as = {
      author: await rig.as(colleague(owner, 'contributor')),
      editor: await rig.as(colleague(owner, 'editor')),
      viewer: await rig.as(colleague(owner, 'viewer')),
    }
    legacyId = await createLegacy(await rig.as(owner))
  })

  const move = (story: { id: string; revision: number }, to: State, note?: string) => ({
    id: story.id,
    expectedRevision: story.revision,
    to,
    note,
  })
  const paths: Readonly<Record<State, readonly State[]>> = {
    DRAFT: [],
    IN_REVIEW: ['IN_REVIEW'],
    PUBLISHED: ['PUBLISHED'],
    REJECTED: ['IN_REVIEW', 'REJECTED'],
    HIDDEN: ['HIDDEN'],
  }
  async function storyIn(state: State): Promise<StoryAnswer> {
    let story = await createStory(as.author, legacyId)
    for (const to of paths[state]) {
      const input = move(story, to)
      story = (await run<{ story: StoryAnswer }>(as.editor, accessDocuments.moveStory, input)).story
    }
    return story
  }
  const reads = async (gql: GraphQLClient, id: string) =>
    (await gql<{ story: object | null }>(documents.story, { id })).data?.story !== null

  it.each(moves)('%s to %s: %s', async (from, to, cell) => {
    for (const [letter, who] of [
      ['a', 'author'],
      ['e', 'editor'],
      ['v', 'viewer'],
    ] as const) {
      const story = await storyIn(from)
      const code = await codeOf(as[who], accessDocuments.moveStory, move(story, to))
      const refused = ['FORBIDDEN', 'CONFLICT', 'NOT_FOUND']
      expect(cell.includes(letter) ? [undefined] : refused).toContain(code)
    }
  })

  it.each(states)(
    'show %s to its author and editors, and PUBLISHED alone to others',
    async (state) => {
      const { id } = await storyIn(state)
      expect(await reads(as.author, id)).toBe(true)
      expect(await reads(as.editor, id)).toBe(true)
      expect(await reads(as.viewer, id)).toBe(state === 'PUBLISHED')
      expect(await reads(await rig.as(testTenant()), id)).toBe(false)
      const { data } = await as.viewer<{ stories: { nodes: unknown[] } }>(
        '{ stories { nodes { id } } }',
      )
      expect(data?.stories.nodes).toHaveLength(state === 'PUBLISHED' ? 1 : 0)
    },
  )

  it('are drafts to those who know two states alone', async () => {
    for (const state of states) {
      const { status } = await storyIn(state)
      expect(status).toBe(state === 'PUBLISHED' ? 'PUBLISHED' : 'DRAFT')
    }
  })

  it('come with a note, a revision and an event that says so to the others', async () => {
    const story = await storyIn('PUBLISHED')
    const hidden = await run<{ story: object }>(
      as.editor,
      accessDocuments.moveStory,
      move(story, 'HIDDEN', 'Not ours to tell.'),
    )
    expect(hidden.story).toMatchObject({
      state: 'HIDDEN',
      moderationNote: 'Not ours to tell.',
      revision: story.revision + 1,
    })
    const last = (await rig.events(owner)).at(-1)
    expect(last?.payload).toMatchObject({ status: 'DRAFT', state: 'HIDDEN', level: 'TENANT' })
  })

  it('keep an author from changing or removing what is hidden or under review', async () => {
    for (const state of ['IN_REVIEW', 'HIDDEN'] as const) {
      const { id, revision } = await storyIn(state)
      const input = { id, expectedRevision: revision }
      expect(await codeOf(as.author, documents.updateStory, { ...input, title: 'x' })).toBe(
        'FORBIDDEN',
      )
      expect(await codeOf(as.author, documents.deleteStory, input)).toBe('FORBIDDEN')
    }
  })

  it('hide a story from those it is shared with, too', async () => {
    const shared = await storyIn('DRAFT')
    const guest = await member(rig, owner)
    await setRole(await clientOf(rig, owner), guest, 'owner', { storyId: shared.id })
    expect(await reads(await clientOf(rig, guest), shared.id)).toBe(true)
    await run(as.editor, accessDocuments.moveStory, move(shared, 'HIDDEN'))
    expect(await reads(await clientOf(rig, guest), shared.id)).toBe(false)
  })

  it('are found by filter', async () => {
    const { id } = await storyIn('IN_REVIEW')
    await storyIn('DRAFT')
    const { data } = await as.editor(`{ stories(filter: { state: IN_REVIEW }) { nodes { id } } }`)
    expect(data).toEqual({ stories: { nodes: [{ id }] } })
  })

  describe('and its level', () => {
    it.each([
      ['PRIVATE', false, false],
      ['LEGACY', true, false],
      ['TENANT', true, true],
    ] as const)('%s: shown to the legacy’s: %s, to all members: %s', async (level, legacy, all) => {
      const input = { legacyId, title: 'A day', body: 'It rained.', level }
      const { story } = await run<{ story: StoryAnswer }>(as.author, documents.createStory, input)
      await run(as.editor, accessDocuments.moveStory, move(story, 'PUBLISHED'))
      const ada = await member(rig, owner)
      await setRole(await clientOf(rig, owner), ada, 'viewer', { legacyId })
      expect(await reads(await clientOf(rig, ada), story.id)).toBe(legacy)
      expect(await reads(as.viewer, story.id)).toBe(all)
      expect(await reads(as.author, story.id)).toBe(true)
      expect(await reads(as.editor, story.id)).toBe(true)
    })

    it('is the author’s to choose for a draft, and an editor’s afterwards', async () => {
      const level = (story: StoryAnswer, to: string) => ({
        id: story.id,
        expectedRevision: story.revision,
        level: to,
      })
      const { setStoryLevel } = accessDocuments
      const draft = await storyIn('DRAFT')
      expect(await codeOf(as.author, setStoryLevel, level(draft, 'PRIVATE'))).toBeUndefined()
      const published = await storyIn('PUBLISHED')
      expect(await codeOf(as.author, setStoryLevel, level(published, 'PRIVATE'))).toBe('FORBIDDEN')
      expect(await codeOf(as.viewer, setStoryLevel, level(published, 'PRIVATE'))).toBe('FORBIDDEN')
      expect(await codeOf(as.editor, setStoryLevel, level(published, 'PRIVATE'))).toBeUndefined()
    })

    it('hides the revisions of a published story with it', async () => {
      const { id, revision } = await storyIn('PUBLISHED')
      const revisions = async (gql: GraphQLClient) =>
        (
          await gql<{ story: { revisions: { nodes: { id: string }[] } } | null }>(documents.story, {
            id,
          })
        ).data?.story?.revisions.nodes
      const [seen] = (await revisions(as.viewer)) ?? []
      expect(seen).toBeDefined()
      const input = { id, expectedRevision: revision, level: 'PRIVATE' }
      await run(as.editor, accessDocuments.setStoryLevel, input)
      expect(await revisions(as.viewer)).toBeUndefined()
    })
  })
})
