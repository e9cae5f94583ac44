import { isObject, type Json, type JsonObject } from '../json.js'

/** The values at a place of the plan, where `@` stands for every item of a list. */
export function valuesAt(data: JsonObject, path: readonly string[]): readonly Json[] {
  let values: Json[] = [data]
  for (const key of path) {
    const next: Json[] = []
    for (const value of values) {
      if (key === '@') {
        if (!isList(value)) continue
        for (const item of value) if (item !== null) next.push(item)
      } else if (isObject(value)) {
        const inner = value[key]
        if (inner !== undefined && inner !== null) next.push(inner)
      }
    }
    values = next
  }
  return values
}

/** Where, in the response, the given objects are found. Only errors need to know. */
export function placesOf(
  data: JsonObject,
  path: readonly string[],
  wanted: ReadonlySet<Json>,
): readonly (readonly (string | number)[])[] {
  const places: (readonly (string | number)[])[] = []
  visit(data, 0, [])
  return places

  function visit(value: Json | undefined, depth: number, at: readonly (string | number)[]): void {
    const key = path[depth]
    if (value === undefined || value === null) return
    if (key === undefined) {
      if (wanted.has(value)) places.push(at)
    } else if (key !== '@') {
      if (isObject(value)) visit(value[key], depth + 1, [...at, key])
    } else if (isList(value)) {
      for (const [index, item] of value.entries()) visit(item, depth + 1, [...at, index])
    }
  }
}

function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value)
}
