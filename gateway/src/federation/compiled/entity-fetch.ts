import { isInterfaceType, type GraphQLSchema } from 'graphql'
import { isObject, type Json, type JsonObject } from '../json.js'
import type { Requires, Rewrites } from '../plan.js'
import { applyRewrites } from '../rewrites.js'
import type { SubgraphAnswer, SubgraphError } from '../subgraph-request.js'
import { mergeAnswer, type AnswerShape } from './answer-shape.js'
import { compileRepresentations } from './compile-representations.js'
import type { FetchTarget, Run, Step } from './run.js'
import { placesOf, valuesAt, type Place } from './response-path.js'

/** Entities at some places of the data, and the fields that a subgraph has for them. */
export interface EntitySet {
  readonly responseKey: string
  readonly variable: string
  readonly places: readonly Place[]
  readonly requires: Requires
  readonly inputRewrites: Rewrites
  readonly outputRewrites: Rewrites
  readonly shape: AnswerShape
  /** Another fetch brings a part of the same objects. */
  readonly isShared: boolean
}

/** Asks for all sets in one request, and for nothing when there is nobody to ask for. */
export function entityFetch(
  schema: GraphQLSchema,
  target: FetchTarget,
  writeBody: (run: Run, representations: string) => string,
  sets: readonly EntitySet[],
): Step {
  const fillers = sets.map((set) => compileSet(schema, target, set))
  const names = sets.map(({ variable }) => `${JSON.stringify(variable)}:[`)

  return async (run) => {
    let representations = ''
    let isEmpty = true
    const batches: Batch[] = []
    for (const [index, filler] of fillers.entries()) {
      const batch = filler.collect(run.data)
      batches.push(batch)
      if (batch.representations.length > 0) isEmpty = false
      const comma = index === 0 ? '' : ','
      representations += `${comma}${names[index]}${batch.representations.join(',')}]`
    }
    if (isEmpty) return
    const answer = await run.send(target, writeBody(run, representations))
    for (const error of answer.errors ?? []) {
      const [key] = error.path ?? []
      const index = sets.findIndex(({ responseKey }) => responseKey === key)
      const batch = batches[index]
      if (batch === undefined) run.errors.push({ ...error, path: undefined })
      else fillers[index]?.relocate(error, run, batch)
    }
    if (!isObject(answer.data)) return
    for (const [index, batch] of batches.entries()) {
      fillers[index]?.merge(answer, run, batch)
    }
  }
}

interface Batch {
  readonly representations: string[]
  /** The objects to be filled, and for each the index of its representation. */
  readonly objects: JsonObject[]
  readonly indexes: number[]
}

interface Filler {
  collect(data: JsonObject): Batch
  merge(answer: SubgraphAnswer, run: Run, batch: Batch): void
  relocate(error: SubgraphError, run: Run, batch: Batch): void
}

function compileSet(schema: GraphQLSchema, target: FetchTarget, set: EntitySet): Filler {
  const { places, shape, responseKey, outputRewrites } = set
  const { write, simpleKeys } = compileRepresentations(schema, set.requires, set.inputRewrites)
  const isCopied = set.isShared || outputRewrites.length > 0
  const keys = [...shape.fields.keys()].filter((key) => key !== '__typename')
  const hasTypename = shape.fields.has('__typename')

  return { collect, merge, relocate }

  function collect(data: JsonObject): Batch {
    const batch: Batch = { representations: [], objects: [], indexes: [] }
    const byText = new Map<string, number>()
    const bySimpleKey = new Map<unknown, Map<unknown, number>>()
    for (const place of places) {
      for (const value of valuesAt(data, place)) {
        if (isObject(value)) add(value, batch, byText, bySimpleKey)
      }
    }
    return batch
  }

  function add(
    object: JsonObject,
    batch: Batch,
    byText: Map<string, number>,
    bySimpleKey: Map<unknown, Map<unknown, number>>,
  ): void {
    const typename = object['__typename']
    const field = typeof typename === 'string' ? simpleKeys.get(typename) : undefined
    // Most entities have one plain key: equal keys make equal representations, and the text of
    // the second need not be written to be seen to be equal.
    const key = field === undefined ? undefined : object[field]
    const isSimple = typeof key === 'string' || typeof key === 'number'
    let known: Map<unknown, number> | undefined
    let index: number | undefined
    if (isSimple) {
      known = bySimpleKey.get(typename)
      if (known === undefined) bySimpleKey.set(typename, (known = new Map()))
      index = known.get(key)
    }
    if (index === undefined) {
      const text = write(object)
      if (text === undefined) return
      index = isSimple ? undefined : byText.get(text)
      if (index === undefined) {
        index = batch.representations.push(text) - 1
        if (known !== undefined) known.set(key, index)
        else byText.set(text, index)
      }
    }
    batch.objects.push(object)
    batch.indexes.push(index)
  }

  /** Objects that stand for one entity share what it consists of, unless it is merged into. */
  function merge({ data, errors }: SubgraphAnswer, run: Run, batch: Batch): void {
    const { representations, objects, indexes } = batch
    if (representations.length === 0) return
    const entities = data?.[responseKey]
    if (!isList(entities) || entities.length !== representations.length) {
      // Where there is no list at all, the subgraph's own errors say why.
      if (!isList(entities) && errors !== undefined && errors.length > 0) return
      const message = `${target.subgraph} did not answer one entity for each asked for`
      run.errors.push({ message })
      return
    }
    for (let at = 0; at < objects.length; at += 1) {
      const object = objects[at]
      const entity = entities[indexes[at] ?? -1]
      if (object === undefined || !isObject(entity)) continue
      if (isCopied) mergeCopy(object, entity)
      else {
        if (hasTypename) object['__typename'] = moreConcrete(object, entity)
        for (const key of keys) {
          const value = entity[key]
          if (value !== undefined) object[key] = value
        }
      }
    }
  }

  function mergeCopy(object: JsonObject, entity: JsonObject): void {
    const copy = structuredClone(entity)
    // Rewrites look at __typename, which the planner leaves out where the owner has it.
    copy['__typename'] = moreConcrete(object, entity)
    applyRewrites(schema, outputRewrites, copy)
    mergeAnswer(object, copy, shape)
  }

  /**
   * The subgraph of an interface object calls every object by the interface's name. Plans ask it
   * for the name all the same, and must not lose the object's own by it.
   */
  function moreConcrete(object: JsonObject, entity: JsonObject): Json | undefined {
    const { __typename: known } = object
    const { __typename: told } = entity
    if (typeof told !== 'string') return known
    return typeof known === 'string' && isInterfaceType(schema.getType(told)) ? known : told
  }

  /** An error at `_entities[i]…` happened at every object that asked for that entity. */
  function relocate(error: SubgraphError, run: Run, batch: Batch): void {
    const [, index, ...rest] = error.path ?? []
    if (typeof index !== 'number') {
      run.errors.push({ ...error, path: undefined })
      return
    }
    const owners = new Set<Json>()
    for (const [at, object] of batch.objects.entries()) {
      if (batch.indexes[at] === index) owners.add(object)
    }
    for (const place of places) {
      for (const at of placesOf(run.data, place, owners)) {
        run.errors.push({ ...error, path: [...at, ...rest] })
      }
    }
  }
}

function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value)
}
