import {
  idsAmong,
  legacyId,
  personId,
  relationshipId,
  storyId,
  type PersonId,
  type StoryId,
} from './ids.js'
import type { ParentEdge } from './lineage.js'
import type { Person } from './person.js'
import type {
  Direction,
  GraphAdapter,
  Kindred,
  KindredLimits,
  PageQuery,
  PathLimits,
  PeopleQuery,
  Relative,
  ShortestPaths,
  StoryLink,
  StoryPerson,
} from './ports.js'
import type { Relationship } from './relationship.js'

/** Stories and legacies live in another subgraph, which decides what the caller may see of them. */
export interface StoryDirectory {
  /** @throws AppError NOT_FOUND unless the caller may read it; SUBGRAPH_UNAVAILABLE */
  requireLegacy(id: string): Promise<void>
  /**
   * The id of the story's legacy.
   * @throws AppError NOT_FOUND unless the caller may read the story; SUBGRAPH_UNAVAILABLE
   */
  legacyOfStory(id: string): Promise<string>
  /** Those of the stories that the caller may read. @throws AppError SUBGRAPH_UNAVAILABLE */
  readableStories(ids: readonly string[]): Promise<ReadonlySet<string>>
}

/** Every read of a request, with what the caller may not see left out. Ids may be any text. */
export interface PeopleReader {
  people(ids: readonly string[]): Promise<readonly Person[]>
  listPeople(query: PeopleQuery): Promise<readonly Person[]>
  peopleOfLegacies(ids: readonly string[], page: PageQuery): Promise<readonly Person[]>
  relationships(ids: readonly string[]): Promise<readonly Relationship[]>
  parents(ids: readonly string[]): Promise<readonly Relative[]>
  children(ids: readonly string[]): Promise<readonly Relative[]>
  partners(ids: readonly string[]): Promise<readonly Relative[]>
  kindred(id: PersonId, direction: Direction, limits: KindredLimits): Promise<Kindred>
  bloodLines(ids: readonly PersonId[], maxGenerations: number): Promise<readonly ParentEdge[]>
  shortestPaths(fromId: PersonId, toId: PersonId, limits: PathLimits): Promise<ShortestPaths>
  storiesOfPeople(ids: readonly string[]): Promise<readonly StoryLink[]>
  peopleOfStories(ids: readonly string[]): Promise<readonly StoryPerson[]>
}

export interface ReadRights {
  mayReadPerson(person: Person): boolean
  /** The legacies whose people may be read; undefined for all of the tenant. */
  readonly legacies: readonly string[] | undefined
}

export function createPeopleReader(
  graph: GraphAdapter,
  rights: ReadRights,
  stories: StoryDirectory,
): PeopleReader {
  const readable = (person: Person): boolean => rights.mayReadPerson(person)
  const relatives =
    (read: (ids: readonly PersonId[]) => Promise<readonly Relative[]>) =>
    async (ids: readonly string[]): Promise<readonly Relative[]> =>
      (await read(idsAmong(ids, personId))).filter(({ person }) => readable(person))

  return {
    people: async (ids) => (await graph.people(idsAmong(ids, personId))).filter(readable),
    listPeople: async (query) =>
      (await graph.listPeople({ ...query, within: rights.legacies })).filter(readable),
    peopleOfLegacies: async (ids, page) =>
      (await graph.peopleOfLegacies(idsAmong(ids, legacyId), page)).filter(readable),
    relationships: async (ids) => {
      const found = await graph.relationships(idsAmong(ids, relationshipId))
      const ends = await graph.people([...new Set(found.flatMap((tie) => [tie.fromId, tie.toId]))])
      const seen = new Set(ends.filter(readable).map((person) => person.id))
      return found.filter((tie) => seen.has(tie.fromId) && seen.has(tie.toId))
    },
    parents: relatives((ids) => graph.parents(ids)),
    children: relatives((ids) => graph.children(ids)),
    partners: relatives((ids) => graph.partners(ids)),
    kindred: async (id, direction, limits) => {
      const { members, truncated } = await graph.kindred(id, direction, limits)
      return { members: members.filter(({ person }) => readable(person)), truncated }
    },
    bloodLines: (ids, maxGenerations) => graph.bloodLines(ids, maxGenerations),
    shortestPaths: (fromId, toId, limits) => graph.shortestPaths(fromId, toId, limits),
    storiesOfPeople: async (ids) => {
      const links = await graph.storiesOfPeople(idsAmong(ids, personId))
      if (links.length === 0) return []
      const seen = await stories.readableStories(storyIds(links))
      return links.filter((link) => seen.has(link.storyId))
    },
    peopleOfStories: async (ids) => {
      const found = (await graph.peopleOfStories(idsAmong(ids, storyId))).filter(({ person }) =>
        readable(person),
      )
      if (found.length === 0) return []
      const seen = await stories.readableStories(storyIds(found))
      return found.filter((link) => seen.has(link.storyId))
    },
  }
}

function storyIds(links: readonly { readonly storyId: StoryId }[]): readonly StoryId[] {
  return [...new Set(links.map((link) => link.storyId))]
}
