import { isAbstractType, type GraphQLSchema } from 'graphql'
import { isObject, type Json, type JsonObject } from '../json.js'

/** A key, every item of a list (`@`), or the objects of these types. */
export type PlaceStep = string | ReadonlySet<string>
export type Place = readonly PlaceStep[]

const typePrefix = '... on '

export function placeOf(schema: GraphQLSchema, path: readonly string[]): Place {
  return path.map((step) => {
    if (!step.startsWith(typePrefix)) return step
    return new Set(step.slice(typePrefix.length).split(',').flatMap(concrete))
  })

  function concrete(name: string): readonly string[] {
    const type = schema.getType(name)
    if (!isAbstractType(type)) return [name]
    return [name, ...schema.getPossibleTypes(type).map((possible) => possible.name)]
  }
}

/**
 * The values at a place. Entities that were asked for once share their lists; such a list is
 * looked at once.
 */
export function valuesAt(data: JsonObject, place: Place): readonly Json[] {
  let values: Json[] = [data]
  for (const step of place) {
    const next: Json[] = []
    if (typeof step !== 'string') {
      for (const value of values.some(isList) ? values.flatMap(itemsOf) : values) {
        if (isAmong(value, step)) next.push(value)
      }
    } else if (step === '@') {
      const seen = values.length > 1 ? new Set<Json>() : undefined
      for (const value of values) {
        if (!isList(value) || seen?.has(value) === true) continue
        seen?.add(value)
        for (const item of value) if (item !== null) next.push(item)
      }
    } else {
      for (const value of values) readKey(value, step, next)
    }
    values = next
  }
  return values.some(isList) ? values.flatMap(itemsOf) : values
}

function readKey(value: Json, key: string, into: Json[]): void {
  if (isList(value)) {
    for (const item of itemsOf(value)) readKey(item, key, into)
  } else if (isObject(value)) {
    const inner = value[key]
    if (inner !== undefined && inner !== null) into.push(inner)
  }
}

/** Hive's planner writes one `@` for lists of lists, however deep. */
function itemsOf(value: Json): readonly Json[] {
  if (!isList(value)) return value === null ? [] : [value]
  return value.flatMap(itemsOf)
}

/** Where, in the response, the given objects are found. Only errors need to know. */
export function placesOf(
  data: JsonObject,
  place: Place,
  wanted: ReadonlySet<Json>,
): readonly (readonly (string | number)[])[] {
  const places: (readonly (string | number)[])[] = []
  visit(data, 0, [])
  return places

  function visit(value: Json | undefined, depth: number, at: readonly (string | number)[]): void {
    const step = place[depth]
    if (value === undefined || value === null) return
    if (isList(value) && step !== '@') {
      for (const [index, item] of value.entries()) visit(item, depth, [...at, index])
    } else if (step === undefined) {
      if (wanted.has(value)) places.push(at)
    } else if (typeof step !== 'string') {
      if (isAmong(value, step)) visit(value, depth + 1, at)
    } else if (step !== '@') {
      if (isObject(value)) visit(value[step], depth + 1, [...at, step])
    } else if (isList(value)) {
      for (const [index, item] of value.entries()) visit(item, depth + 1, [...at, index])
    }
  }
}

/** What does not say its type is of the one that the plan expects there. */
function isAmong(value: Json, types: ReadonlySet<string>): boolean {
  if (!isObject(value)) return false
  const typename = value['__typename']
  return typeof typename !== 'string' || types.has(typename)
}

function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value)
}
