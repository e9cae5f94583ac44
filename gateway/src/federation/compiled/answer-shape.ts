import type { FetchDataRewrite } from '@apollo/query-planner'
import { Kind, type DocumentNode, type SelectionSetNode } from 'graphql'
import { isObject, type Json, type JsonObject } from '../json.js'
import { refuseReservedName, Unsupported } from './unsupported.js'

/** Which keys an answer may have, and which of them hold objects; whatever the types. */
export interface AnswerShape {
  readonly fields: Map<string, AnswerShape | null>
}

/** The shape of what a subgraph answers to an operation. Keys that the plan itself made up are let through. */
export function answerShape(
  document: DocumentNode,
  planKeys: ReadonlySet<string> = new Set(['_entities']),
): AnswerShape {
  const root: AnswerShape = { fields: new Map() }
  const operation = document.definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  if (operation?.kind !== Kind.OPERATION_DEFINITION) {
    throw new Unsupported('plan_fetch', 'a fetch without an operation')
  }
  const fragments = new Map(
    document.definitions.flatMap((definition) =>
      definition.kind === Kind.FRAGMENT_DEFINITION ? [[definition.name.value, definition]] : [],
    ),
  )
  add(operation.selectionSet, root)
  return root

  function add(set: SelectionSetNode, shape: AnswerShape): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) add(selection.selectionSet, shape)
      else if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const fragment = fragments.get(selection.name.value)
        if (fragment !== undefined) add(fragment.selectionSet, shape)
      } else {
        const key = selection.alias?.value ?? selection.name.value
        if (!planKeys.has(key)) refuseReservedName(key, selection.name.value)
        const inner = shape.fields.get(key) ?? null
        if (selection.selectionSet === undefined) shape.fields.set(key, inner)
        else {
          const nested = inner ?? { fields: new Map() }
          shape.fields.set(key, nested)
          add(selection.selectionSet, nested)
        }
      }
    }
  }
}

/** Adds the keys that the planner's rewrites bring into an answer. */
export function withRewrites(shape: AnswerShape, rewrites: readonly FetchDataRewrite[]): void {
  for (const rewrite of rewrites) {
    const names = rewrite.path.filter((name) => !name.startsWith('... on '))
    const field = names.at(-1)
    let at: AnswerShape | null | undefined = shape
    for (const name of names.slice(0, -1)) at = at?.fields.get(name)
    if (field === undefined || at === null || at === undefined) {
      throw new Unsupported('plan_rewrite', `output rewrite of ${rewrite.path.join('.')}`)
    }
    const key = rewrite.kind === 'ValueSetter' ? field : rewrite.renameKeyTo
    if (!at.fields.has(key)) at.fields.set(key, at.fields.get(field) ?? null)
  }
}

/**
 * Merges only what was asked for: an answer's other keys, `__proto__` among them, are not looked
 * at. Objects merge by key and lists of equal length by position, as in the reference.
 */
export function mergeAnswer(target: JsonObject, source: JsonObject, shape: AnswerShape): void {
  for (const [key, inner] of shape.fields) {
    const incoming = source[key]
    if (incoming === undefined) continue
    target[key] = inner === null ? incoming : mergedValue(target[key], incoming, inner)
  }
}

function mergedValue(present: Json | undefined, incoming: Json, shape: AnswerShape): Json {
  if (isObject(present) && isObject(incoming)) {
    mergeAnswer(present, incoming, shape)
    return present
  }
  if (isList(present) && isList(incoming) && present.length === incoming.length) {
    return incoming.map((item, index) => mergedValue(present[index], item, shape))
  }
  return incoming
}

function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value)
}
