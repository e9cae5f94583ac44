import type { FetchNode, PlanNode } from '@apollo/query-planner'
import { isInterfaceType, OperationTypeNode, parse, type GraphQLSchema } from 'graphql'
import { isObject, type Json, type JsonObject } from '../json.js'
import { applyRewrites } from '../rewrites.js'
import type { SubgraphAnswer, SubgraphError } from '../subgraph-request.js'
import { answerShape, mergeAnswer, withRewrites, type AnswerShape } from './answer-shape.js'
import { compileRepresentations } from './compile-representations.js'
import { placesOf, valuesAt } from './response-path.js'
import { Unsupported } from './unsupported.js'

/** One request on its way through a plan. */
export interface Run {
  readonly data: JsonObject
  /** As the client sent them: subgraphs coerce, and fill in defaults, themselves. */
  readonly given: Readonly<Record<string, unknown>>
  /** Coerced, with defaults. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly errors: SubgraphError[]
  /** `body` is the whole request as JSON. */
  send(fetch: FetchTarget, body: string): Promise<SubgraphAnswer>
}

export interface FetchTarget {
  readonly subgraph: string
  readonly operation: string
  readonly isQuery: boolean
}

export type Step = (run: Run) => Promise<void>

const nothing: Step = () => Promise.resolve()

/**
 * Turns a plan into closures. Throws Unsupported for whatever it does not understand, so that
 * this is known before anything is sent.
 */
export function compilePlan(schema: GraphQLSchema, plan: PlanNode | undefined): Step {
  if (plan === undefined) return nothing
  const fetches = new Map<FetchNode, AnswerShape>()
  const writers = new Map<string, number>()
  survey(plan, [])
  return compile(plan, [])

  /** How many fetches write an object at each place of the response: where two do, they merge. */
  function survey(node: PlanNode, path: readonly string[]): void {
    switch (node.kind) {
      case 'Sequence':
      case 'Parallel':
        for (const step of node.nodes) survey(step, path)
        return
      case 'Flatten':
        return survey(node.node, [...path, ...plainPath(node.path)])
      case 'Condition':
        if (node.ifClause !== undefined) survey(node.ifClause, path)
        if (node.elseClause !== undefined) survey(node.elseClause, path)
        return
      case 'Fetch': {
        const shape = shapeOf(node, path)
        fetches.set(node, shape)
        count(shape, path.filter((key) => key !== '@').join('.'))
        return
      }
      default:
        throw new Unsupported('plan_node', `a plan with a ${node.kind}`)
    }
  }

  function count(shape: AnswerShape, at: string): void {
    for (const [key, inner] of shape.fields) {
      if (inner === null) continue
      const place = at === '' ? key : `${at}.${key}`
      writers.set(place, (writers.get(place) ?? 0) + 1)
      count(inner, place)
    }
  }

  function compile(node: PlanNode, path: readonly string[]): Step {
    switch (node.kind) {
      case 'Sequence':
        return inSequence(node.nodes.map((step) => compile(step, path)))
      case 'Parallel':
        return inParallel(node.nodes.map((step) => compile(step, path)))
      case 'Flatten':
        return compile(node.node, [...path, ...plainPath(node.path)])
      case 'Condition': {
        const yes = node.ifClause === undefined ? nothing : compile(node.ifClause, path)
        const no = node.elseClause === undefined ? nothing : compile(node.elseClause, path)
        return (run) => (run.variables[node.condition] === true ? yes : no)(run)
      }
      case 'Fetch': {
        const shape = fetches.get(node)
        if (shape === undefined) throw new Error('unreachable: every fetch was surveyed')
        return node.requires === undefined
          ? rootFetch(schema, node, shape)
          : entityFetch(schema, node, path, { shape, isShared: isWrittenTwice(shape, path) })
      }
      default:
        throw new Unsupported('plan_node', `a plan with a ${node.kind}`)
    }
  }

  /** Whether what a fetch brings has to be merged into what another fetch brings. */
  function isWrittenTwice(shape: AnswerShape, path: readonly string[]): boolean {
    const at = path.filter((key) => key !== '@').join('.')
    return [...shape.fields].some(
      ([key, inner]) => inner !== null && (writers.get(`${at}.${key}`) ?? 0) > 1,
    )
  }
}

function plainPath(path: readonly (string | number)[]): readonly string[] {
  return path.map((key) => {
    if (typeof key === 'string' && /^(@|[_A-Za-z]\w*)$/.test(key)) return key
    throw new Unsupported('plan_path', `a step of a path that is not understood: ${key}`)
  })
}

function shapeOf(node: FetchNode, path: readonly string[]): AnswerShape {
  if (node.contextRewrites !== undefined) throw new Unsupported('plan_context', '@fromContext')
  const shape = answerShape(parse(node.operation, { noLocation: true }))
  const rewrites = node.outputRewrites ?? []
  if (node.requires === undefined) {
    if (path.length > 0) throw new Unsupported('plan_nested_root', 'a root type inside of data')
    withRewrites(shape, rewrites)
    return shape
  }
  if (node.variableUsages?.includes('representations') === true) {
    throw new Unsupported('plan_variables', 'a variable called representations')
  }
  const entity = shape.fields.get('_entities')
  if (entity === undefined || entity === null || shape.fields.size !== 1) {
    throw new Unsupported('plan_fetch', 'a fetch of entities that asks for something else')
  }
  withRewrites(entity, rewrites)
  return entity
}

function inSequence(steps: readonly Step[]): Step {
  const [only] = steps
  if (steps.length === 1 && only !== undefined) return only
  return async (run) => {
    for (const step of steps) await step(run)
  }
}

function inParallel(steps: readonly Step[]): Step {
  const [only] = steps
  if (steps.length === 1 && only !== undefined) return only
  return async (run) => {
    await Promise.all(steps.map((step) => step(run)))
  }
}

function targetOf(node: FetchNode): FetchTarget {
  return {
    subgraph: node.serviceName,
    operation: node.operation,
    isQuery: node.operationKind === OperationTypeNode.QUERY,
  }
}

/** The request up to its variables, which are all that differs between two of them. */
function bodyStart(node: FetchNode): string {
  const name =
    node.operationName === undefined ? '' : `"operationName":${JSON.stringify(node.operationName)},`
  return `{"query":${JSON.stringify(node.operation)},${name}"variables":{`
}

function variablesOf(names: readonly string[], given: Readonly<Record<string, unknown>>): string {
  let text = ''
  for (const name of names) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value === undefined) continue
    text += `${text === '' ? '' : ','}${JSON.stringify(name)}:${JSON.stringify(value)}`
  }
  return text
}

function rootFetch(schema: GraphQLSchema, node: FetchNode, shape: AnswerShape): Step {
  const target = targetOf(node)
  const start = bodyStart(node)
  const names = node.variableUsages ?? []
  const rewrites = node.outputRewrites ?? []
  return async (run) => {
    const answer = await run.send(target, `${start}${variablesOf(names, run.given)}}}`)
    if (answer.errors !== undefined) run.errors.push(...answer.errors)
    const { data } = answer
    if (!isObject(data)) return
    if (rewrites.length > 0) applyRewrites(schema, rewrites, data)
    mergeAnswer(run.data, data, shape)
  }
}

function entityFetch(
  schema: GraphQLSchema,
  node: FetchNode,
  path: readonly string[],
  { shape, isShared }: { readonly shape: AnswerShape; readonly isShared: boolean },
): Step {
  const target = targetOf(node)
  const start = bodyStart(node)
  const names = node.variableUsages ?? []
  const rewrites = node.outputRewrites ?? []
  const writeRepresentation = compileRepresentations(
    schema,
    node.requires ?? [],
    node.inputRewrites ?? [],
  )
  const isCopied = isShared || rewrites.length > 0
  const keys = [...shape.fields.keys()].filter((key) => key !== '__typename')
  const hasTypename = shape.fields.has('__typename')

  return async (run) => {
    const batch = collect(run.data)
    if (batch.representations.length === 0) return
    const variables = variablesOf(names, run.given)
    const comma = variables === '' ? '' : ','
    const answer = await run.send(
      target,
      `${start}${variables}${comma}"representations":[${batch.representations.join(',')}]}}`,
    )
    if (answer.errors !== undefined) {
      for (const error of answer.errors) relocate(error, run, batch)
    }
    if (!isObject(answer.data)) return
    const entities = answer.data['_entities']
    if (!isList(entities) || entities.length !== batch.representations.length) {
      run.errors.push({
        message: `${target.subgraph} did not answer one entity for each asked for`,
      })
      return
    }
    merge(batch, entities)
  }

  function collect(data: JsonObject): Batch {
    const batch: Batch = { representations: [], objects: [], indexes: [] }
    const known = new Map<string, number>()
    for (const value of valuesAt(data, path)) {
      const text = isObject(value) ? writeRepresentation(value) : undefined
      if (text === undefined) continue
      let index = known.get(text)
      if (index === undefined) {
        index = batch.representations.push(text) - 1
        known.set(text, index)
      }
      batch.objects.push(value as JsonObject)
      batch.indexes.push(index)
    }
    return batch
  }

  /** Objects that stand for one entity share what it consists of, unless it is merged into. */
  function merge({ objects, indexes }: Batch, entities: readonly Json[]): void {
    for (const [at, object] of objects.entries()) {
      const entity = entities[indexes[at] ?? -1]
      if (!isObject(entity)) continue
      if (!isCopied) {
        if (hasTypename) object['__typename'] = moreConcrete(object, entity)
        for (const key of keys) {
          const value = entity[key]
          if (value !== undefined) object[key] = value
        }
        continue
      }
      const copy = structuredClone(entity)
      // Rewrites look at __typename, which the planner leaves out where the owner has it.
      copy['__typename'] = moreConcrete(object, entity)
      applyRewrites(schema, rewrites, copy)
      mergeAnswer(object, copy, shape)
    }
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
    for (const place of placesOf(run.data, path, owners)) {
      run.errors.push({ ...error, path: [...place, ...rest] })
    }
  }
}

interface Batch {
  readonly representations: string[]
  /** The objects to be filled, and for each the index of its representation. */
  readonly objects: JsonObject[]
  readonly indexes: number[]
}

function isList(value: unknown): value is readonly Json[] {
  return Array.isArray(value)
}
