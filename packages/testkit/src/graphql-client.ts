export interface GraphQLAnswer<Data> {
  readonly status: number
  readonly data: Data | null | undefined
  readonly errors: readonly GraphQLAnswerError[] | undefined
}

export interface GraphQLAnswerError {
  readonly message: string
  readonly path?: readonly (string | number)[]
  readonly extensions?: Readonly<Record<string, unknown>> & { readonly code?: string }
}

export type GraphQLClient = <Data = Record<string, unknown>>(
  query: string,
  variables?: Readonly<Record<string, unknown>>,
) => Promise<GraphQLAnswer<Data>>

/** Posts to a GraphQL endpoint; never throws for what the server answers. */
export function graphqlClient(url: string, bearer?: string): GraphQLClient {
  const post: GraphQLClient = async (query, variables = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json',
        ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      },
      body: JSON.stringify({ query, variables }),
    })
    const { data, errors } = (await response.json()) as GraphQLAnswer<never>
    return { status: response.status, data, errors }
  }
  return post
}
