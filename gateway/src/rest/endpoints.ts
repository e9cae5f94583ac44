import {
  getNamedType,
  getNullableType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  type GraphQLArgument,
  type GraphQLSchema,
} from 'graphql'
import { inputOf, kebab, nodeTypeOf, type Field } from './names.js'

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE'

/** One root field of the schema, at an address. */
export interface Endpoint {
  readonly method: Method
  /** Below /api/v1, with {id} where an id stands. */
  readonly path: string
  readonly kind: 'query' | 'mutation'
  readonly field: Field
  /** 201 with the address of what was made. */
  readonly creates: boolean
}

/** What puts something into a collection. To register a second time changes what is there. */
const adding = ['create', 'add', 'start', 'register']
const creating = ['create', 'add', 'start']

/**
 * The schema as resources. A connection that needs no arguments is a collection, and its items have
 * their ids below it; a mutation that is named after what is in a collection (createStory,
 * updateStory, publishStory, deleteStory) acts there. Every other field has an address of its own,
 * so that nothing of the schema is out of reach.
 */
export function endpointsOf(schema: GraphQLSchema): readonly Endpoint[] {
  const queries = Object.values(schema.getQueryType()?.getFields() ?? {})
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {})
  const collections = collectionsOf(queries)
  return [
    ...queries.flatMap((field) => queryEndpoints(field, collections)),
    ...mutations.map((field) => mutationEndpoint(field, collections)),
  ]
}

/** What can be asked for beside what stands in the path: an item is found by its id alone. */
export function argumentsOf({ field, kind, path }: Endpoint): readonly GraphQLArgument[] {
  const isItem = kind === 'query' && path.includes('{id}')
  return isItem ? field.args.filter(({ name }) => name === 'id') : field.args
}

type Collections = ReadonlyMap<string, string>

/** Paths by the name of the type of what is in them. */
function collectionsOf(queries: readonly Field[]): Collections {
  const found = new Map<string, string>()
  for (const field of queries) {
    const node = nodeTypeOf(field.type)
    if (node === undefined || field.args.some(isRequiredArgument)) continue
    if (!found.has(node.name)) found.set(node.name, `/${kebab(field.name)}`)
  }
  return found
}

function queryEndpoints(field: Field, collections: Collections): readonly Endpoint[] {
  const own = endpoint('GET', `/${kebab(field.name)}`, 'query', field)
  const type = getNullableType(field.type)
  const collection = isObjectType(type) ? collections.get(type.name) : undefined
  const others = field.args.filter(({ name }) => name !== 'id')
  const isItem = others.length < field.args.length && !others.some(isRequiredArgument)
  if (collection === undefined || !isItem) return [own]
  const item = endpoint('GET', `${collection}/{id}`, 'query', field)
  return others.length === 0 ? [item] : [item, own]
}

function mutationEndpoint(field: Field, collections: Collections): Endpoint {
  const own = endpoint('POST', `/${kebab(field.name)}`, 'mutation', field)
  const [, verb = '', noun = ''] = /^([a-z]+)(.*)$/.exec(field.name) ?? []
  const collection = collections.get(noun)
  const input = inputOf(field)
  if (collection === undefined || input === undefined) return own
  const { id } = input.getFields()
  const namesOne =
    id !== undefined && isRequiredInputField(id) && getNamedType(id.type).name === 'ID'
  if (adding.includes(verb)) {
    const added = endpoint('POST', collection, 'mutation', field)
    return { ...added, creates: creating.includes(verb) }
  }
  if (!namesOne) return own
  const one = `${collection}/{id}`
  if (verb === 'update') return endpoint('PATCH', one, 'mutation', field)
  if (verb === 'delete') return endpoint('DELETE', one, 'mutation', field)
  return endpoint('POST', `${one}/${kebab(verb)}`, 'mutation', field)
}

function endpoint(method: Method, path: string, kind: Endpoint['kind'], field: Field): Endpoint {
  return { method, path, kind, field, creates: false }
}
