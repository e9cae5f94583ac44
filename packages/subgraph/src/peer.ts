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
}

const timeoutMs = 5_000

interface EntitiesAnswer {
  readonly data?: { readonly _entities: readonly ({ readonly id: string } | null)[] } | null
  readonly errors?: readonly { message: string; extensions?: { code?: unknown } }[]
  /** The envelope of an answer that is no GraphQL, a 401 for example. */
  readonly error?: { readonly message: string; readonly code?: unknown }
}

export function createPeer(name: string, url: string): Peer {
  async function existing(
    typename: string,
    ids: readonly string[],
    authorization: string,
  ): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set()
    const { data, errors, error } = await ask(typename, ids, authorization)
    // An entity that failed is null too: without this it would pass for one that is not there.
    if (data === null || data === undefined || errors !== undefined || error !== undefined) {
      const code = error?.code ?? errors?.[0]?.extensions?.code
      throw new AppError(
        isErrorCode(code) ? code : 'SUBGRAPH_UNAVAILABLE',
        error?.message ?? errors?.[0]?.message ?? `the ${name} subgraph gave no answer`,
      )
    }
    return new Set(data._entities.flatMap((entity) => (entity === null ? [] : [entity.id])))
  }

  async function ask(
    typename: string,
    ids: readonly string[],
    authorization: string,
  ): Promise<EntitiesAnswer> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization },
        body: JSON.stringify({
          query: `query Peer($of: [_Any!]!) { _entities(representations: $of) { ... on ${typename} { id } } }`,
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
      if ((await existing(typename, [id], authorization)).has(id)) return
      throw new AppError('NOT_FOUND', `there is no ${typename} with the id "${id}"`)
    },
  }
}
