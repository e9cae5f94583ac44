import {
  getNamedType,
  getNullableType,
  isLeafType,
  isListType,
  isObjectType,
  type GraphQLObjectType,
} from 'graphql'
import { AppError } from '@heirloom/errors'
import { contentOf, isPlain, nodeTypeOf, outcomesOf, payloadOf, type Field } from './names.js'

const maxDepth = 3
const maxNames = 200

/**
 * What is asked of a root field: `fields`, as a client lists them (id,title,author.name), or what
 * an object is by itself: its values, and the ids of what it refers to.
 * @throws AppError INVALID_INPUT for a field that there is not
 */
export function selectionOf(field: Field, fields: string | undefined): string {
  const node = nodeTypeOf(field.type)
  if (node !== undefined) {
    const nodes = `nodes ${fieldsOf(node, fields)}`
    return `{ ${nodes} pageInfo { endCursor hasNextPage } ${countsOf(field)} }`
  }
  const type = getNamedType(field.type)
  if (isLeafType(type)) return ''
  const payload = payloadOf(field.type)
  if (payload === undefined) return '{ __typename }'
  const outcomes = outcomesOf(field.type)
  if (outcomes.length === 0) return payloadFields(payload, fields)
  const members = outcomes.map((member) => `... on ${member.name} ${standing(member, maxDepth)}`)
  const done = `... on ${payload.name} ${payloadFields(payload, fields)}`
  return `{ __typename ${[done, ...members].join(' ')} }`
}

function payloadFields(payload: GraphQLObjectType, fields: string | undefined): string {
  const content = contentOf(payload)
  const inner = content === undefined ? undefined : getNamedType(content.type)
  if (content === undefined || !isObjectType(inner)) return fieldsOf(payload, fields)
  return `{ ${content.name} ${fieldsOf(inner, fields)} }`
}

function fieldsOf(type: GraphQLObjectType, fields: string | undefined): string {
  return fields === undefined ? standing(type, maxDepth) : chosen(type, treeOf(fields))
}

/** totalCount and the like, which a connection tells beside its nodes. */
function countsOf(field: Field): string {
  const type = getNamedType(field.type)
  if (!isObjectType(type)) return ''
  const leaves = Object.values(type.getFields()).filter((one) => isLeafType(getNamedType(one.type)))
  return leaves.map(({ name }) => name).join(' ')
}

function standing(type: GraphQLObjectType, depth: number): string {
  const parts = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type)
    if (field.args.length > 0) return []
    if (isLeafType(inner)) return [field.name]
    if (!isObjectType(inner) || nodeTypeOf(field.type) !== undefined || depth === 1) return []
    // What has an id is a thing of its own, at its own address: many of them are asked for there.
    if (!('id' in inner.getFields())) return [`${field.name} ${standing(inner, depth - 1)}`]
    return isListType(getNullableType(field.type)) ? [] : [`${field.name} { id }`]
  })
  return `{ ${parts.length === 0 ? '__typename' : parts.join(' ')} }`
}

interface Tree extends Map<string, Tree> {}

function treeOf(fields: string): Tree {
  const paths = fields.split(',').map((path) => path.trim())
  if (paths.length > maxNames) throw invalid(`at most ${maxNames} fields can be named`)
  const root: Tree = new Map()
  for (const path of paths) {
    let at = root
    for (const name of path.split('.')) {
      const next = at.get(name) ?? (new Map() as Tree)
      at.set(name, next)
      at = next
    }
  }
  return root
}

function chosen(type: GraphQLObjectType, tree: Tree): string {
  const parts = [...tree].map(([name, inner]) => {
    const all = type.getFields()
    const field = Object.hasOwn(all, name) ? all[name] : undefined
    if (field === undefined || !isPlain(field)) throw invalid(`${type.name} has no field "${name}"`)
    const named = getNamedType(field.type)
    if (!isObjectType(named)) {
      if (inner.size > 0) throw invalid(`"${name}" has no fields of its own`)
      return name
    }
    return `${name} ${inner.size === 0 ? standing(named, 1) : chosen(named, inner)}`
  })
  return `{ ${parts.join(' ')} }`
}

function invalid(problem: string): AppError {
  return new AppError('INVALID_INPUT', `"fields": ${problem}`, { details: { field: 'fields' } })
}
