import DataLoader from 'dataloader'
import { listLoader, loader } from '@heirloom/subgraph'
import type { PeopleReader } from './domain/people-reader.js'
import type { Person, StoryRef } from './domain/person.js'
import type { PageQuery, Relative } from './domain/ports.js'
import type { Relationship } from './domain/relationship.js'

/** Batches what the resolvers of one request ask for one by one. */
export interface Loaders {
  readonly people: DataLoader<string, Person | null>
  readonly relationships: DataLoader<string, Relationship | null>
  readonly parents: DataLoader<string, readonly Person[]>
  readonly children: DataLoader<string, readonly Person[]>
  readonly partners: DataLoader<string, readonly Person[]>
  readonly storiesOfPerson: DataLoader<string, readonly StoryRef[]>
  readonly peopleOfStory: DataLoader<string, readonly Person[]>
  /** One more than a page holds: fields with the same page share a query. */
  peopleOfLegacy(page: PageQuery): DataLoader<string, readonly Person[]>
  /** Forgets what was read, so that what follows a mutation sees what it wrote. */
  forget(): void
}

export function createLoaders(reader: PeopleReader): Loaders {
  const people = loader(
    (ids) => reader.people(ids),
    (person) => person.id,
  )
  const relationships = loader(
    (ids) => reader.relationships(ids),
    (relationship) => relationship.id,
  )
  const parents = relatives((ids) => reader.parents(ids))
  const children = relatives((ids) => reader.children(ids))
  const partners = relatives((ids) => reader.partners(ids))
  const storiesOfPerson = grouped(
    (ids) => reader.storiesOfPeople(ids),
    (link) => [link.personId, { id: link.storyId }],
  )
  const peopleOfStory = grouped(
    (ids) => reader.peopleOfStories(ids),
    (link) => [link.storyId, link.person],
  )
  const pages = new Map<string, DataLoader<string, readonly Person[]>>()
  const single = [people, relationships, parents, children, partners]

  return {
    people,
    relationships,
    parents,
    children,
    partners,
    storiesOfPerson,
    peopleOfStory,
    peopleOfLegacy: (page) => {
      const key = `${page.limit} ${page.after ?? ''}`
      const known = pages.get(key)
      if (known !== undefined) return known
      const made = listLoader(
        (ids) => reader.peopleOfLegacies(ids, page),
        (person) => person.legacyId,
      )
      pages.set(key, made)
      return made
    },
    forget: () => {
      for (const each of [...single, storiesOfPerson, peopleOfStory]) each.clearAll()
      pages.clear()
    },
  }
}

function relatives(
  read: (ids: readonly string[]) => Promise<readonly Relative[]>,
): DataLoader<string, readonly Person[]> {
  return grouped(read, (relative) => [relative.of, relative.person])
}

/** Like the kit's `listLoader`, where what is loaded is only a part of the row. */
function grouped<Row, Value>(
  read: (keys: readonly string[]) => Promise<readonly Row[]>,
  entryOf: (row: Row) => readonly [key: string, value: Value],
): DataLoader<string, readonly Value[]> {
  return new DataLoader(async (keys) => {
    const found = new Map<string, Value[]>(keys.map((key) => [key, []]))
    for (const row of await read(keys)) {
      const [key, value] = entryOf(row)
      found.get(key)?.push(value)
    }
    return keys.map((key) => found.get(key) ?? [])
  })
}
