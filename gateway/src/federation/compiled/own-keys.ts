import {
  isInterfaceType,
  isObjectType,
  Kind,
  visit,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql'
import { Unsupported } from './unsupported.js'

// What a plan fetches for itself (keys, and what @requires names) lies in the data beside what the
// client asked for, under the plain names of the fields. Apollo's planner does not notice when the
// client's own field of that name has other arguments, or is another field under an alias, and
// hands on the wrong one. So such a field of the client is planned under a key of its own.

const suffix = '__own'

export interface OwnKeys {
  /** The key in the merged data of a field of the client. */
  dataKey(key: string, fieldName: string): string
  /** The document to be planned. */
  document(document: DocumentNode): DocumentNode
  /** A path in the merged data, as the client knows it. */
  clientPath(path: readonly (string | number)[]): readonly (string | number)[]
}

export function createOwnKeys(supergraphSchema: GraphQLSchema): OwnKeys {
  const fieldNames = new Set<string>()
  const required = new Set<string>()
  const withArguments = new Set<string>()
  for (const type of Object.values(supergraphSchema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    for (const field of Object.values(type.getFields())) {
      fieldNames.add(field.name)
      if (field.args.length > 0) withArguments.add(field.name)
      for (const directive of field.astNode?.directives ?? []) {
        const value = directive.arguments?.find(({ name }) => name.value === 'requires')?.value
        if (value?.kind !== Kind.STRING) continue
        for (const [name] of value.value.matchAll(/[_A-Za-z]\w*/g)) required.add(name)
      }
    }
  }

  const dataKey = (key: string, fieldName: string): string => {
    const collides =
      key === fieldName
        ? required.has(key) && withArguments.has(key)
        : fieldNames.has(key) && !fieldName.startsWith('__')
    return collides ? key + suffix : key
  }

  return {
    dataKey,
    document: (document) =>
      visit(document, {
        Field: (field) => {
          const key = field.alias?.value ?? field.name.value
          if (key.endsWith(suffix)) {
            throw new Unsupported('reserved_name', `a response key that ends with ${suffix}`)
          }
          const own = dataKey(key, field.name.value)
          if (own === key) return undefined
          return { ...field, alias: { kind: Kind.NAME, value: own } }
        },
      }),
    clientPath: (path) =>
      path.map((step) =>
        typeof step === 'string' && step.endsWith(suffix) ? step.slice(0, -suffix.length) : step,
      ),
  }
}
