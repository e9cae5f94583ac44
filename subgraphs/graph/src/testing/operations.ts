import type { GraphQLClient } from '@heirloom/testkit'

export const importTree = /* GraphQL */ `
  mutation Import($input: ImportTreeInput!) {
    importTree(input: $input) {
      peopleCreated
      peopleUpdated
      peopleUnchanged
      relationshipsCreated
      relationshipsUnchanged
    }
  }
`

export const addPerson = /* GraphQL */ `
  mutation Add($input: AddPersonInput!) {
    addPerson(input: $input) {
      person {
        id
        name
        givenName
        surname
        title
        sex
        birth {
          date
          year
          place
        }
        death {
          date
          year
          place
        }
        legacy {
          id
        }
      }
    }
  }
`

export const addRelationship = /* GraphQL */ `
  mutation Relate($input: AddRelationshipInput!) {
    addRelationship(input: $input) {
      relationship {
        id
        kind
        from {
          id
          name
        }
        to {
          id
          name
        }
      }
    }
  }
`

export const linkPersonToStory = /* GraphQL */ `
  mutation Link($input: LinkPersonToStoryInput!) {
    linkPersonToStory(input: $input) {
      person {
        id
        stories {
          id
        }
      }
      story {
        id
      }
    }
  }
`

export const personPath = /* GraphQL */ `
  query Path($fromId: ID!, $toId: ID!) {
    personPath(fromId: $fromId, toId: $toId) {
      relationship
      alsoRelated
      truncated
      from {
        id
      }
      to {
        id
      }
      steps {
        via
        person {
          name
        }
      }
    }
  }
`

export const people = /* GraphQL */ `
  query People($first: Int, $after: String, $legacyId: ID, $name: String) {
    people(first: $first, after: $after, legacyId: $legacyId, name: $name) {
      nodes {
        id
        name
      }
      edges {
        cursor
      }
      pageInfo {
        endCursor
        hasNextPage
      }
    }
  }
`

/** A family by names: `A > B` makes A a parent of B, `A + B` a couple. Names ending in ♀ or ♂ tell the sex. */
export interface Family {
  readonly legacyId: string
  idOf(name: string): string
}

/** Imports a family through the API and resolves to its ids. */
export async function plantFamily(
  gql: GraphQLClient,
  legacyId: string,
  ties: readonly string[],
): Promise<Family> {
  const names = new Map<string, string>()
  const relationships = ties.map((tie) => {
    const [from = '', sign, to = ''] = tie.split(' ')
    for (const name of [from, to]) names.set(plain(name), name)
    const kind = sign === '>' ? 'PARENT' : 'PARTNER'
    return { kind, fromExternalId: plain(from), toExternalId: plain(to) }
  })
  const people = [...names].map(([externalId, marked]) => ({
    externalId,
    name: externalId,
    sex: sexOf(marked),
  }))
  const input = { legacyId, source: 'test', people, relationships }
  const imported = await gql(importTree, { input })
  if (imported.errors !== undefined) throw new Error(JSON.stringify(imported.errors))
  const found = await gql<{ people: { nodes: readonly { id: string; name: string }[] } }>(
    `query ($legacyId: ID!) { people(first: 100, legacyId: $legacyId) { nodes { id name } } }`,
    { legacyId },
  )
  const ids = new Map(found.data?.people.nodes.map(({ id, name }) => [name, id]))
  return {
    legacyId,
    idOf: (name) => {
      const id = ids.get(name)
      if (id === undefined) throw new Error(`${name} is not in the family`)
      return id
    },
  }
}

function plain(name: string): string {
  return name.replace(/[♀♂]$/u, '')
}

function sexOf(name: string): string {
  if (name.endsWith('♀')) return 'FEMALE'
  return name.endsWith('♂') ? 'MALE' : 'UNKNOWN'
}
