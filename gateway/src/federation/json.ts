/** What subgraphs answer, and what is merged out of their answers. */
export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  [key: string]: Json | undefined
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Sets a key as plain data even when it is called `__proto__`. */
export function setOwn(target: JsonObject, key: string, value: Json | undefined): void {
  Object.defineProperty(target, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

export function getOwn(source: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(source, key) ? source[key] : undefined
}

/** Merges an answer into the data so far: objects by key, lists of equal length by position. */
export function merge(target: JsonObject, source: JsonObject): void {
  for (const [key, incoming] of Object.entries(source)) {
    if (incoming !== undefined) setOwn(target, key, merged(getOwn(target, key), incoming))
  }
}

function merged(present: Json | undefined, incoming: Json): Json {
  if (isObject(present) && isObject(incoming)) {
    merge(present, incoming)
    return present
  }
  if (isList(present) && isList(incoming) && present.length === incoming.length) {
    return incoming.map((item, index) => merged(present[index], item))
  }
  return incoming
}

function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value)
}
