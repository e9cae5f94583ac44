import type { FetchNode, QueryPlanSelectionNode } from '@apollo/query-planner'
import type { GraphQLSchema } from 'graphql'
import { getOwn, isObject, merge, setOwn, type Json, type JsonObject } from './json.js'
import { applyRewrites, isOfType } from './rewrites.js'

export interface Located {
  readonly path: readonly (string | number)[]
  readonly value: Json
}

export interface RepresentationBatch<Owner> {
  readonly representations: readonly JsonObject[]
  /** For each representation, the objects that it stands for. */
  readonly owners: readonly (readonly Owner[])[]
}

/**
 * What a subgraph needs to know of each object to resolve it as an entity. Objects that lack a
 * required field cannot be resolved and are left out; equal representations are sent once.
 */
export function buildRepresentations<Owner extends { readonly value: JsonObject }>(
  schema: GraphQLSchema,
  node: FetchNode,
  objects: readonly Owner[],
): RepresentationBatch<Owner> {
  const found = new Map<string, { representation: JsonObject; owners: Owner[] }>()
  for (const object of objects) {
    const representation = select(schema, object.value, node.requires ?? [])
    if (!isObject(representation) || getOwn(representation, '__typename') === undefined) continue
    applyRewrites(schema, node.inputRewrites, representation)
    const text = JSON.stringify(representation)
    const known = found.get(text)
    if (known === undefined) found.set(text, { representation, owners: [object] })
    else known.owners.push(object)
  }
  const entries = [...found.values()]
  return {
    representations: entries.map(({ representation }) => representation),
    owners: entries.map(({ owners }) => owners),
  }
}

/** The part of an object that a selection names; undefined when a field of it is missing. */
function select(
  schema: GraphQLSchema,
  source: Json,
  selections: readonly QueryPlanSelectionNode[],
): Json | undefined {
  if (!isObject(source)) return source
  const result: JsonObject = {}
  for (const selection of selections) {
    if (selection.kind === 'InlineFragment') {
      if (selection.typeCondition === undefined) continue
      if (!isOfType(schema, source, selection.typeCondition, false)) continue
      const part = select(schema, source, selection.selections)
      if (!isObject(part)) return undefined
      merge(result, part)
      continue
    }
    const name = selection.alias ?? selection.name
    const value = getOwn(source, name)
    if (value === undefined) return undefined
    const part = selectValue(schema, value, selection.selections)
    setOwn(result, name, part ?? null)
  }
  return result
}

function selectValue(
  schema: GraphQLSchema,
  value: Json,
  selections: readonly QueryPlanSelectionNode[] | undefined,
): Json | undefined {
  if (selections === undefined) return value
  if (!Array.isArray(value)) return select(schema, value, selections)
  return value.map((item: Json) => selectValue(schema, item, selections) ?? null)
}
