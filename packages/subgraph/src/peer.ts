import { AppError, isErrorCode } from '@heirloom/errors'

/** Another subgraph, asked with the caller's own token: it applies its own tenant and rights. */
export interface Peer {
  /**
   * The subset of `ids` that are entities of type `typename` which the caller may read.
   * @throws AppError SUBGRAPH_UNAVAILABLE, or what the peer answered
   */
  existing(
    typename: string,
    ids: readonly string[],
    authorization: string,
  ): Promise<ReadonlySet<string>>
  /** @throws AppError NOT_FOUND unless the caller may read the entity */
  require(typename: string, id: string, authorization: string): Promise<void>
  /**
   * The id of the legacy that an entity belongs to.
   * @throws AppError NOT_FOUND unless the caller may read the entity
   */
  legacyOf(typename: string, id: string, authorization: string): Promise<string>
}

const timeoutMs = 5_000

interface Entity {
  readonly id: string
  readonly legacy?: { readonly id: string }
}

interface EntitiesAnswer {
  readonly data?: { readonly _entities: readonly (Entity | null)[] } | null
  readonly errors?: readonly { message: string; extensions?: { code?: unknown } }[]
  /** The envelope of an answer that is no GraphQL, a 401 for example. */
  readonly error?: { readonly message: string; readonly code?: unknown }
}

export function createPeer(name: string, url: string): Peer {
  async function entities(
    typename: string,
    ids: readonly string[],
    fields: string,
    authorization: string,
  ): Promise<readonly Entity[]> {
    if (ids.length === 0) return []
    const { data, errors, error } = await ask(typename, ids, fields, authorization)
    // An entity that failed is null too: without this it would pass for one that is not there.
    if (data === null || data === undefined || errors !== undefined || error !== undefined) {
      const code = error?.code ?? errors?.[0]?.extensions?.code
      throw new AppError(
        isErrorCode(code) ? code : 'SUBGRAPH_UNAVAILABLE',
        error?.message ?? errors?.[0]?.message ?? `the ${name} subgraph gave no answer`,
      )
    }
    return data._entities.flatMap((entity) => entity ?? [])
  }

  async function existing(
    typename: string,
    ids: readonly string[],
    authorization: string,
  ): Promise<ReadonlySet<string>> {
    return new Set((await entities(typename, ids, 'id', authorization)).map(({ id }) => id))
  }

  async function ask(
    typename: string,
    ids: readonly string[],
    fields: string,
    authorization: string,
  ): Promise<EntitiesAnswer> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization },
        body: JSON.stringify({
          query: `query Peer($of: [_Any!]!) { _entities(representations: $of) { ... on ${typename} { ${fields} } } }`,
          variables: { of: ids.map((id) => ({ __typename: typename, id })) },
        }),
        signal: AbortSignal.timeout(timeoutMs),
      })
      return (await response.json()) as EntitiesAnswer
    } catch (cause) {
      throw new AppError('SUBGRAPH_UNAVAILABLE', `the ${name} subgraph cannot be reached`, {
        cause,
      })
    }
  }

  return {
    existing,
    require: async (typename, id, authorization) => {
      if (!(await existing(typename, [id], authorization)).has(id)) throw missing(typename, id)
    },
    legacyOf: async (typename, id, authorization) => {
      const [entity] = await entities(typename, [id], 'id legacy { id }', authorization)
      if (entity?.legacy === undefined) throw missing(typename, id)
      return entity.legacy.id
    },
  }
}

function missing(typename: string, id: string): AppError {
  return new AppError('NOT_FOUND', `there is no ${typename} with the id "${id}"`)
}
