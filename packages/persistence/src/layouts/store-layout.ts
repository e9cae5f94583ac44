import type { BackendType, StoreNeeds } from '../backends/backend.js'
import { joinKey } from '../keys.js'
import type { KeyLayout, KeyShape } from '../ports/key-layout.js'

/**
 * One kind of record of a store, and how its keys are spelled on each backend. Patterns are those of
 * ports/key-pattern.ts. Postgres and the filesystem keep the neutral keys beside the tenant.
 */
export interface RecordLayout {
  /** Neutral keys, which the store works with. */
  readonly pk: string
  readonly sk: string
  /** DynamoDB: PK; SK is the neutral sort key. */
  readonly dynamodb: string
  /** Cosmos: `/pk` and `id`; the container is the route's unless one is named. */
  readonly cosmos: { readonly pk: string; readonly id: string; readonly container?: string }
  /** Firestore: the path of the document. */
  readonly firestore: string
}

/** A secondary index of the vendor: for other readers of the table, the stores need none. */
export interface DeclaredIndex {
  readonly backend: BackendType
  readonly kind: 'gsi' | 'composite' | 'unique'
  readonly name: string
  /** The kind of record that it finds. */
  readonly record: string
  /** Fields of the value, copied out for it where the backend keeps the value as one text. */
  readonly fields: readonly string[]
  /** Those of them that are numbers; the others are texts. */
  readonly numeric?: readonly string[]
}

export interface StoreLayout {
  readonly records: Readonly<Record<string, RecordLayout>>
  readonly indexes: readonly DeclaredIndex[]
}

const layoutBackends = ['dynamodb', 'cosmos', 'firestore'] as const

/** What `Records.for` takes: the layout of each backend that needs one. */
export type KeyLayouts = Readonly<Partial<Record<BackendType, KeyLayout>>>

export function keyLayouts({ records, indexes }: StoreLayout): KeyLayouts {
  return Object.fromEntries(
    layoutBackends.map((backend) => {
      const attributes = indexes
        .filter((index) => index.backend === backend)
        .flatMap(({ fields }) => fields)
      const shapes = Object.values(records).map((record) => shapeOf(backend, record))
      return [backend, { attributes: [...new Set(attributes)], shapes }]
    }),
  )
}

function shapeOf(backend: (typeof layoutBackends)[number], record: RecordLayout): KeyShape {
  const { pk, sk, dynamodb, cosmos, firestore } = record
  if (backend === 'dynamodb') return { pk, sk, partition: dynamodb, id: sk }
  if (backend === 'cosmos') {
    const { container } = cosmos
    return {
      pk,
      sk,
      partition: cosmos.pk,
      id: cosmos.id,
      ...(container === undefined ? {} : { collection: container }),
    }
  }
  const end = firestore.lastIndexOf('/')
  return {
    pk,
    sk,
    // Firestore has no partitions; what is kept for queries of a flat collection.
    partition: dynamodb,
    collection: firestore.slice(0, end),
    id: firestore.slice(end + 1),
  }
}

/** What a backend has to be provisioned with for the store. */
export function storeNeeds({ records, indexes }: StoreLayout, backend: BackendType): StoreNeeds {
  const places = Object.entries(records).flatMap(([record, layout]) => {
    const name = placeOf(backend, layout)
    return name === undefined ? [] : [{ record, name: name.includes('{') ? null : name }]
  })
  return {
    collections: places.filter(
      ({ name }, at) => name === null || places.findIndex((other) => other.name === name) === at,
    ),
    indexes: indexes
      .filter((index) => index.backend === backend)
      .map(({ name, record, fields, numeric = [] }) => ({
        name,
        fields: fields.map((field) => ({
          name: field,
          type: numeric.includes(field) ? 'number' : 'text',
        })),
        collection: places.find((place) => place.record === record)?.name ?? null,
      })),
  }
}

/** Undefined where it is that of the route. */
function placeOf(backend: BackendType, { cosmos, firestore }: RecordLayout): string | undefined {
  if (backend === 'cosmos') return cosmos.container
  return backend === 'firestore' ? firestore.split('/').at(-2) : undefined
}

type NameOf<Text extends string> = Text extends `${infer Name}...` ? Name : Text
type NamesOf<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? NameOf<Name> | NamesOf<Rest>
  : never
type ValuesOf<Pattern extends string> = Readonly<Record<NamesOf<Pattern>, string>>

export interface RecordKeys<Pk extends string, Sk extends string> {
  pk(values: ValuesOf<Pk>): string
  sk(values: ValuesOf<Sk>): string
  /** What the sort keys share whose first parts are these. */
  prefix(values: Partial<ValuesOf<Sk>>): string
}

/** The neutral keys of one kind of record, typed by the names in its patterns. */
export function recordKeys<const Pk extends string, const Sk extends string>(layout: {
  readonly pk: Pk
  readonly sk: Sk
}): RecordKeys<Pk, Sk> {
  const pkParts = partsOf(layout.pk)
  const skParts = partsOf(layout.sk)
  return {
    pk: (values) => pkParts.map((part) => spell(part, values) ?? '').join('#'),
    sk: (values) => skParts.map((part) => spell(part, values) ?? '').join('#'),
    prefix: (values) => {
      const known: string[] = []
      for (const part of skParts) {
        const spelled = spell(part, values)
        if (spelled === null) return known.map((text) => `${text}#`).join('')
        known.push(spelled)
      }
      return known.join('#')
    },
  }
}

interface Part {
  readonly literal: string
  readonly name: string | null
  /** Everything that is left of the key, which therefore needs no escaping. */
  readonly rest: boolean
}

function partsOf(pattern: string): readonly Part[] {
  return pattern.split('#').map((literal) => {
    const name = /^\{([a-z_]+)(\.\.\.)?\}$/.exec(literal)
    return { literal, name: name?.[1] ?? null, rest: name?.[2] !== undefined }
  })
}

function spell(part: Part, values: Readonly<Record<string, string | undefined>>): string | null {
  if (part.name === null) return part.literal
  const value = values[part.name]
  if (value === undefined) return null
  return part.rest ? value : joinKey(value)
}
