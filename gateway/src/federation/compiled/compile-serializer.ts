import {
  executeSync,
  isEnumType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isScalarType,
  Kind,
  OperationTypeNode,
  specifiedScalarTypes,
  visit,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLLeafType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
} from 'graphql'
import type { JsonObject } from '../json.js'
import {
  collectFields,
  guardKey,
  type CollectedField,
  type Fragments,
  type Guard,
  type GuardedSet,
} from './collect-fields.js'
import type { OwnKeys } from './own-keys.js'
import { Unsupported } from './unsupported.js'

/**
 * Writes the client's result out of the merged data as JSON text: walks it once, in the order of
 * the client's selections, checks types, and lets nulls rise. `null` when nothing is left.
 * Throws MalformedData when the data has another shape than the schema.
 */
export type Serialize = (
  data: JsonObject,
  variables: Readonly<Record<string, unknown>>,
) => string | null

/** A subgraph answered an object where a list belongs, or the like. */
export class MalformedData extends Error {}

/** A generated function is one selection on one type; more than this is not worth compiling. */
const maxFunctions = 3_000

type Generated = (tools: Tools) => Serialize

interface Tools {
  readonly quote: (text: string) => string
  readonly malformed: (what: string) => never
  readonly enums: readonly ReadonlyMap<unknown, string>[]
  readonly introspect: (index: number, variables: Readonly<Record<string, unknown>>) => string
}

export function compileSerializer(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Fragments,
  ownKeys: OwnKeys,
): Serialize {
  const writer = new SerializerWriter(schema, operation, fragments, ownKeys)
  // The source holds no text of the client but names that the parser has let through and strings
  // that JSON.stringify has quoted.
  // oxlint-disable-next-line typescript/no-implied-eval -- generated code is the point: see above
  const generated = new Function('tools', writer.source()) as Generated
  return generated({
    quote,
    malformed: (what) => {
      throw new MalformedData(what)
    },
    enums: writer.enums,
    introspect: writer.introspect,
  })
}

// oxlint-disable-next-line no-control-regex -- JSON escapes exactly these (RFC 8259, section 7)
const mustEscape = /["\\\u0000-\u001f\ud800-\udfff]/

function quote(text: string): string {
  return mustEscape.test(text) ? JSON.stringify(text) : `"${text}"`
}

class SerializerWriter {
  readonly enums: ReadonlyMap<unknown, string>[] = []
  readonly #enumIndexes = new Map<string, number>()
  readonly #functions: string[] = []
  readonly #names = new Map<string, string>()
  readonly #setIds = new Map<unknown, number>()
  readonly #conditions = new Map<string, string>()
  readonly #introspections: DocumentNode[] = []

  constructor(
    readonly schema: GraphQLSchema,
    readonly operation: OperationDefinitionNode,
    readonly fragments: Fragments,
    readonly ownKeys: OwnKeys,
  ) {}

  source(): string {
    const root = this.schema.getRootType(this.operation.operation)
    if (root === undefined || root === null) {
      throw new Unsupported('not_a_query_or_mutation', 'the schema has no such root type')
    }
    const write = this.#object(root, [{ guard: [], set: this.operation.selectionSet }])
    const conditions = [...this.#conditions]
    const declared = conditions.map(([, name]) => `let ${name} = false`)
    const assigned = conditions.map(
      ([variable, name]) => `${name} = variables[${JSON.stringify(variable)}] === true`,
    )
    return [
      '"use strict"',
      'const { quote, malformed, enums, introspect } = tools',
      'let request',
      ...declared,
      ...this.#functions,
      `return (data, variables) => {`,
      'request = variables',
      ...assigned,
      `return ${write}(data)`,
      '}',
    ].join('\n')
  }

  readonly introspect = (index: number, variables: Readonly<Record<string, unknown>>): string => {
    const document = this.#introspections[index]
    if (document === undefined) throw new Error('unreachable: the index was generated')
    const { data, errors } = executeSync({
      schema: this.schema,
      document,
      rootValue: {},
      variableValues: variables,
    })
    if (errors !== undefined) throw new Error('introspection failed', { cause: errors[0] })
    return JSON.stringify(data?.['field'] ?? null)
  }

  /** The function that writes an object of a known type. Same type and selections: same function. */
  #object(type: GraphQLCompositeType, sets: readonly GuardedSet[]): string {
    return this.#function(`object ${type.name} ${this.#key(sets)}`, () => {
      const fields = collectFields(this.schema, this.fragments, type, sets)
      const body: string[] = []
      let isFirst = true
      for (const field of fields) {
        const comma = isFirst ? "(s === '{' ? '' : ',') + " : "',' + "
        const always = field.guards.some((guard) => guard.length === 0)
        const lines = this.#field(type, field, comma)
        body.push(always ? lines : `if (${this.#condition(field.guards)}) {\n${lines}\n}`)
        if (always) isFirst = false
      }
      return `(o) => {\nlet s = '{', x, t\n${body.join('\n')}\nreturn s + '}'\n}`
    })
  }

  #field(parent: GraphQLCompositeType, field: CollectedField, comma: string): string {
    const label = JSON.stringify(`${JSON.stringify(field.key)}:`)
    if (field.name === '__typename') {
      // An abstract type's name is nobody's type name.
      if (!isObjectType(parent)) return 'return null'
      return `s += ${comma}${label} + ${JSON.stringify(JSON.stringify(parent.name))}`
    }
    if (field.name === '__schema' || field.name === '__type') {
      return `s += ${comma}${label} + introspect(${this.#introspection(field)}, request)`
    }
    const definition = 'getFields' in parent ? parent.getFields()[field.name] : undefined
    if (definition === undefined) throw new Error(`unreachable: ${field.name} was validated`)
    const { type } = definition
    const text = this.#value(`x`, isNonNullType(type) ? type.ofType : type, field.selections)
    const read = `x = o.${this.ownKeys.dataKey(field.key, field.name)}`
    return isNonNullType(type)
      ? `${read}; t = ${text}; if (t === null) return null; s += ${comma}${label} + t`
      : `${read}; s += ${comma}${label} + (${text} ?? 'null')`
  }

  /** An expression: the JSON text of a value of a nullable type, or null. */
  #value(x: string, type: GraphQLOutputType, sets: readonly GuardedSet[]): string {
    if (isListType(type)) return `${this.#list(type.ofType as GraphQLOutputType, sets)}(${x})`
    if (isLeafType(type)) return this.#leaf(x, type)
    return `${this.#composite(type as GraphQLCompositeType, sets)}(${x})`
  }

  #list(item: GraphQLOutputType, sets: readonly GuardedSet[]): string {
    return this.#function(`list ${String(item)} ${this.#key(sets)}`, () => {
      const isRequired = isNonNullType(item)
      const text = this.#value('x', isRequired ? item.ofType : item, sets)
      return `(list) => {
if (list === null || list === undefined) return null
if (!Array.isArray(list)) malformed('not a list')
let s = '[', t, x
for (let i = 0; i < list.length; i++) {
x = list[i]
t = ${text}
${isRequired ? 'if (t === null) return null' : "if (t === null) t = 'null'"}
s += i === 0 ? t : ',' + t
}
return s + ']'
}`
    })
  }

  /** Finds out what an object is, by its __typename; without one it is what the schema says. */
  #composite(type: GraphQLCompositeType, sets: readonly GuardedSet[]): string {
    return this.#function(`value ${type.name} ${this.#key(sets)}`, () => {
      const itself = this.#object(type, sets)
      const others = isObjectType(type) ? [] : this.#typesWithin(type)
      const cases = others.map(
        (other) => `case ${JSON.stringify(other.name)}: return ${this.#object(other, sets)}(o)`,
      )
      return `(o) => {
if (o === null || o === undefined) return null
if (typeof o !== 'object' || Array.isArray(o)) malformed('not an object')
switch (o.__typename) {
case undefined: case null: case ${JSON.stringify(type.name)}: return ${itself}(o)
${cases.join('\n')}
}
return null
}`
    })
  }

  #typesWithin(type: GraphQLCompositeType): readonly GraphQLCompositeType[] {
    if (isObjectType(type)) return []
    if (!('getInterfaces' in type)) return this.schema.getPossibleTypes(type)
    const { objects, interfaces } = this.schema.getImplementations(type)
    return [...objects, ...interfaces]
  }

  #leaf(x: string, type: GraphQLLeafType): string {
    if (isEnumType(type)) return `(enums[${this.#enum(type.name)}].get(${x}) ?? null)`
    const isCustom =
      !isScalarType(type) || !specifiedScalarTypes.some(({ name }) => name === type.name)
    if (isCustom) {
      return `(${x} === null || ${x} === undefined ? null : JSON.stringify(${x}))`
    }
    switch (type.name) {
      case 'Int':
        return `(${isWhole(x)} ? '' + ${x} : null)`
      case 'Float':
        return `(typeof ${x} === 'number' && Number.isFinite(${x}) ? '' + ${x} : null)`
      case 'Boolean':
        return `(${x} === true ? 'true' : ${x} === false ? 'false' : null)`
      case 'ID':
        return `(typeof ${x} === 'string' ? quote(${x}) : ${isWhole(x)} ? '' + ${x} : null)`
      default:
        return `(typeof ${x} === 'string' ? quote(${x}) : null)`
    }
  }

  #enum(name: string): number {
    const known = this.#enumIndexes.get(name)
    if (known !== undefined) return known
    const type = this.schema.getType(name)
    const values = isEnumType(type) ? type.getValues() : []
    this.enums.push(new Map(values.map((value) => [value.name, JSON.stringify(value.name)])))
    this.#enumIndexes.set(name, this.enums.length - 1)
    return this.enums.length - 1
  }

  #introspection({ nodes, guards }: CollectedField): number {
    const [node] = nodes
    if (node === undefined || nodes.length > 1 || guards.some((guard) => guard.length > 0)) {
      throw new Unsupported('introspection_conditions', 'introspection that depends on variables')
    }
    this.#introspections.push(introspectionDocument(node, this.operation, this.fragments))
    return this.#introspections.length - 1
  }

  #condition(guards: readonly Guard[]): string {
    const alternatives = guards.map((guard) =>
      guard
        .map(({ variable, is }) => {
          const name = this.#conditions.get(variable) ?? `c${this.#conditions.size}`
          this.#conditions.set(variable, name)
          return is ? name : `!${name}`
        })
        .join(' && '),
    )
    return [...new Set(alternatives)].map((text) => `(${text})`).join(' || ')
  }

  #function(key: string, write: () => string): string {
    const known = this.#names.get(key)
    if (known !== undefined) return known
    const name = `f${this.#names.size}`
    this.#names.set(key, name)
    if (this.#names.size > maxFunctions) throw new Unsupported('too_large', 'too many selections')
    this.#functions.push(`const ${name} = ${write()}`)
    return name
  }

  #key(sets: readonly GuardedSet[]): string {
    return sets
      .map(({ guard, set }) => {
        const id = this.#setIds.get(set) ?? this.#setIds.size
        this.#setIds.set(set, id)
        return `${id}?${guardKey(guard)}`
      })
      .join(',')
  }
}

/** JSON knows no integers; 1e21 and above are not written as digits. */
function isWhole(x: string): string {
  return `typeof ${x} === 'number' && Number.isInteger(${x}) && ${x} < 1e21 && ${x} > -1e21`
}

function introspectionDocument(
  node: FieldNode,
  operation: OperationDefinitionNode,
  fragments: Fragments,
): DocumentNode {
  const used = new Set<string>()
  const reached = new Map<string, FragmentDefinitionNode>()
  const look = (at: FieldNode | FragmentDefinitionNode): void => {
    visit(at, {
      Variable: ({ name }) => void used.add(name.value),
      FragmentSpread: ({ name }) => {
        const fragment = fragments.get(name.value)
        if (fragment === undefined || reached.has(name.value)) return
        reached.set(name.value, fragment)
        look(fragment)
      },
    })
  }
  look(node)
  return {
    kind: Kind.DOCUMENT,
    definitions: [
      {
        kind: Kind.OPERATION_DEFINITION,
        operation: OperationTypeNode.QUERY,
        variableDefinitions: (operation.variableDefinitions ?? []).filter(({ variable }) =>
          used.has(variable.name.value),
        ),
        selectionSet: {
          kind: Kind.SELECTION_SET,
          selections: [{ ...node, directives: [], alias: { kind: Kind.NAME, value: 'field' } }],
        },
      },
      ...reached.values(),
    ],
  }
}
