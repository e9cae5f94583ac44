import type { FetchDataRewrite } from '@apollo/query-planner'
import { isAbstractType, isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql'
import type { JsonObject } from '../json.js'
import type { Requires } from '../plan.js'
import { refuseReservedName, Unsupported } from './unsupported.js'

/**
 * The JSON text with which a subgraph is asked for an object as an entity; undefined when the
 * object lacks a required field or is of a type that the fetch is not for.
 */
export type WriteRepresentation = (object: JsonObject) => string | undefined

export interface Representations {
  readonly write: WriteRepresentation
  /** By type: the only field that its objects are asked for by, where that is a plain value. */
  readonly simpleKeys: ReadonlyMap<string, string>
}

type Generated = (tools: { json: (value: unknown) => string }) => WriteRepresentation

const fragmentPrefix = '... on '

export function compileRepresentations(
  schema: GraphQLSchema,
  requires: Requires,
  rewrites: readonly FetchDataRewrite[],
): Representations {
  const functions: string[] = []
  const simpleKeys = new Map<string, string>()
  const cases: string[] = []
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    const fields = fieldsOf(schema, requires, type.name)
    if (!fields.has('__typename')) continue
    const [field, ...others] = [...fields].filter(([sentAs]) => sentAs !== '__typename')
    if (field !== undefined && others.length === 0 && field[1].selections.length === 0) {
      simpleKeys.set(type.name, field[1].key)
    }
    const name = objectFunction(fields, renamed(schema, type.name, rewrites))
    cases.push(`case ${JSON.stringify(type.name)}: return ${name}(o)`)
  }
  const source = [
    '"use strict"',
    'const { json } = tools',
    ...functions,
    `return (o) => { switch (o.__typename) {\n${cases.join('\n')}\n} return undefined }`,
  ].join('\n')
  // Holds names that the planner took from the schema, and strings that JSON.stringify quoted.
  // oxlint-disable-next-line typescript/no-implied-eval -- generated code is the point: see above
  const write = (new Function('tools', source) as Generated)({ json })
  return { write, simpleKeys }

  /** `o` is known to be of the type, which is sent under the name that the subgraph knows. */
  function objectFunction(fields: Fields, sentAs?: string): string {
    const body: string[] = []
    let comma = ''
    for (const [name, { key, selections }] of fields) {
      const label = JSON.stringify(`${comma}${JSON.stringify(name)}:`)
      comma = ','
      if (name === '__typename' && sentAs !== undefined) {
        body.push(`s += ${label} + ${JSON.stringify(JSON.stringify(sentAs))}`)
        continue
      }
      const text = selections.length === 0 ? 'json(x)' : `${valueFunction(selections)}(x)`
      body.push(`x = o.${key}; if (x === undefined) return undefined; s += ${label} + ${text}`)
    }
    return define(`(o) => {\nlet s = '{', x\n${body.join('\n')}\nreturn s + '}'\n}`)
  }

  function valueFunction(selections: Requires): string {
    return define(`(v) => {
if (typeof v !== 'object' || v === null) return json(v)
if (Array.isArray(v)) return '[' + v.map(self).join(',') + ']'
return (${anyObject(selections)})(v) ?? 'null'
}`)
  }

  function anyObject(selections: Requires): string {
    if (selections.every(({ kind }) => kind === 'Field')) {
      return objectFunction(fieldsOf(schema, selections, undefined))
    }
    const branches: string[] = []
    for (const type of Object.values(schema.getTypeMap())) {
      if (!isObjectType(type) && !isInterfaceType(type)) continue
      const fields = fieldsOf(schema, selections, type.name)
      branches.push(`case ${JSON.stringify(type.name)}: return ${objectFunction(fields)}(v)`)
    }
    return `(v) => { switch (v.__typename) {\n${branches.join('\n')}\n} return undefined }`
  }

  /** In its text, a function calls itself `self`. */
  function define(text: string): string {
    const name = `f${functions.length}`
    functions.push(`const ${name} = ${text.replace('.map(self)', `.map((item) => ${name}(item))`)}`)
    return name
  }
}

function json(value: unknown): string {
  return JSON.stringify(value)
}

/** By the key in the representation: the key in the data, and what is asked of an object there. */
type Fields = ReadonlyMap<string, { readonly key: string; readonly selections: Requires }>

/** What is asked of an object of a type: the fields of every fragment that applies to it. */
function fieldsOf(
  schema: GraphQLSchema,
  selections: Requires,
  typeName: string | undefined,
): Fields {
  const fields = new Map<string, { readonly key: string; readonly selections: Requires }>()
  collect(selections)
  return fields

  function collect(list: Requires): void {
    for (const selection of list) {
      if (selection.kind === 'Field') {
        const key = selection.alias ?? selection.name
        const name = selection.sentAs ?? key
        const known = fields.get(name)
        refuseReservedName(key, selection.name)
        refuseReservedName(name, selection.name)
        if (known !== undefined && known.key !== key) {
          throw new Unsupported('plan_fetch', `a representation with two values for ${name}`)
        }
        const selections = [...(known?.selections ?? []), ...(selection.selections ?? [])]
        fields.set(name, { key, selections })
      } else if (selection.typeCondition !== undefined && typeName !== undefined) {
        if (isOfNamedType(schema, typeName, selection.typeCondition)) collect(selection.selections)
      }
    }
  }
}

function renamed(
  schema: GraphQLSchema,
  typeName: string,
  rewrites: readonly FetchDataRewrite[],
): string {
  let name = typeName
  for (const rewrite of rewrites) {
    const [at, field, ...deeper] = rewrite.path
    const isUnderstood =
      rewrite.kind === 'ValueSetter' &&
      at?.startsWith(fragmentPrefix) === true &&
      field === '__typename' &&
      deeper.length === 0 &&
      typeof rewrite.setValueTo === 'string'
    if (!isUnderstood)
      throw new Unsupported('plan_rewrite', `input rewrite of ${rewrite.path.join('.')}`)
    if (isOfNamedType(schema, name, at.slice(fragmentPrefix.length))) {
      name = String(rewrite.setValueTo)
    }
  }
  return name
}

function isOfNamedType(schema: GraphQLSchema, actualName: string, wantedName: string): boolean {
  if (actualName === wantedName) return true
  const actual = schema.getType(actualName)
  const wanted = schema.getType(wantedName)
  if (!isAbstractType(wanted) || !(isObjectType(actual) || isInterfaceType(actual))) return false
  return schema.isSubType(wanted, actual)
}
