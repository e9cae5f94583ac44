import type { FetchNode } from '@apollo/query-planner'
import { OperationTypeNode, parse, type GraphQLSchema } from 'graphql'
import { isObject } from '../json.js'
import type { BatchFetchNode, ExecutionNode } from '../plan.js'
import { applyRewrites } from '../rewrites.js'
import { answerShape, mergeAnswer, withRewrites, type AnswerShape } from './answer-shape.js'
import { entityFetch, type EntitySet } from './entity-fetch.js'
import { placeOf } from './response-path.js'
import type { FetchTarget, Run, Step } from './run.js'
import { Unsupported } from './unsupported.js'

const nothing: Step = () => Promise.resolve()

/**
 * Turns a plan into closures. Throws Unsupported for whatever it does not understand, so that
 * this is known before anything is sent.
 */
export function compilePlan(schema: GraphQLSchema, plan: ExecutionNode | undefined): Step {
  if (plan === undefined) return nothing
  const fetches = new Map<FetchNode | BatchFetchNode, readonly PlannedSet[] | AnswerShape>()
  const writers = new Map<string, number>()
  survey(plan, [])
  return compile(plan, [])

  /** How many fetches write an object at each place of the response: where two do, they merge. */
  function survey(node: ExecutionNode, path: readonly string[]): void {
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
        const planned = plannedFetch(node, path)
        fetches.set(node, planned)
        if ('fields' in planned) return count(planned, '')
        return countSets(planned)
      }
      case 'BatchFetch': {
        if (path.length > 0) throw new Unsupported('plan_path', 'a batch inside of a path')
        const planned = plannedBatch(node)
        fetches.set(node, planned)
        return countSets(planned)
      }
      default:
        throw new Unsupported('plan_node', `a plan with a ${node.kind}`)
    }
  }

  function countSets(sets: readonly PlannedSet[]): void {
    for (const { shape, paths } of sets) for (const path of paths) count(shape, plain(path))
  }

  function count(shape: AnswerShape, at: string): void {
    for (const [key, inner] of shape.fields) {
      if (inner === null) continue
      const place = at === '' ? key : `${at}.${key}`
      writers.set(place, (writers.get(place) ?? 0) + 1)
      count(inner, place)
    }
  }

  function compile(node: ExecutionNode, path: readonly string[]): Step {
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
      case 'Fetch':
      case 'BatchFetch': {
        const planned = fetches.get(node)
        if (planned === undefined) throw new Error('unreachable: every fetch was surveyed')
        if ('fields' in planned) return rootFetch(schema, node as FetchNode, planned)
        const { start, names } = bodyOf(node)
        const sets = planned.map(({ paths, ...set }): EntitySet => {
          const places = paths.map((at) => placeOf(schema, at))
          // Objects at several places may be asked for different things later on.
          const isShared = paths.length > 1 || paths.some((at) => isWrittenTwice(set.shape, at))
          return { ...set, places, isShared }
        })
        const writeBody = (run: Run, representations: string): string => {
          const variables = variablesOf(names, run.given)
          return `${start}${variables}${variables === '' ? '' : ','}${representations}}}`
        }
        return entityFetch(schema, targetOf(node), writeBody, sets)
      }
      default:
        throw new Unsupported('plan_node', `a plan with a ${node.kind}`)
    }
  }

  /** Whether what a fetch brings has to be merged into what another fetch brings. */
  function isWrittenTwice(shape: AnswerShape, path: readonly string[]): boolean {
    const at = plain(path)
    return [...shape.fields].some(
      ([key, inner]) => inner !== null && (writers.get(`${at}.${key}`) ?? 0) > 1,
    )
  }
}

/** What the plan says of one set of entities, before it is known what other fetches do. */
type PlannedSet = Omit<EntitySet, 'places' | 'isShared'> & {
  readonly paths: readonly (readonly string[])[]
}

function plain(path: readonly string[]): string {
  return path.filter((key) => key !== '@' && !key.startsWith('... on ')).join('.')
}

function plainPath(path: readonly (string | number)[]): readonly string[] {
  return path.map((key) => {
    if (typeof key === 'string' && /^(@|[_A-Za-z]\w*|\.\.\. on [\w,]+)$/.test(key)) return key
    throw new Unsupported('plan_path', `a step of a path that is not understood: ${key}`)
  })
}

/** The shape of a root fetch's answer, or what a fetch of entities asks for. */
function plannedFetch(
  node: FetchNode,
  path: readonly string[],
): AnswerShape | readonly PlannedSet[] {
  if (node.contextRewrites !== undefined) throw new Unsupported('plan_context', '@fromContext')
  const shape = answerShape(parse(node.operation, { noLocation: true }))
  const outputRewrites = node.outputRewrites ?? []
  if (node.requires === undefined) {
    if (path.length > 0) throw new Unsupported('plan_nested_root', 'a root type inside of data')
    withRewrites(shape, outputRewrites)
    return shape
  }
  return plannedSets(shape, node.variableUsages ?? [], [
    {
      responseKey: '_entities',
      variable: 'representations',
      paths: [path],
      requires: node.requires,
      inputRewrites: node.inputRewrites ?? [],
      outputRewrites,
    },
  ])
}

function plannedBatch(node: BatchFetchNode): readonly PlannedSet[] {
  const keys = new Set(node.groups.map(({ responseKey }) => responseKey))
  const shape = answerShape(parse(node.operation, { noLocation: true }), keys)
  const groups = node.groups.map((group) => ({ ...group, paths: group.paths.map(plainPath) }))
  return plannedSets(shape, node.variableUsages ?? [], groups)
}

function plannedSets(
  answer: AnswerShape,
  usedVariables: readonly string[],
  sets: readonly Omit<PlannedSet, 'shape'>[],
): readonly PlannedSet[] {
  if (answer.fields.size !== sets.length) {
    throw new Unsupported('plan_fetch', 'a fetch of entities that asks for something else')
  }
  return sets.map((set) => {
    if (usedVariables.includes(set.variable)) {
      throw new Unsupported('plan_variables', `a variable called ${set.variable}`)
    }
    const shape = answer.fields.get(set.responseKey)
    if (shape === undefined || shape === null) {
      throw new Unsupported('plan_fetch', 'a fetch of entities that asks for something else')
    }
    withRewrites(shape, set.outputRewrites)
    return { ...set, shape }
  })
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

function targetOf(node: FetchNode | BatchFetchNode): FetchTarget {
  return {
    subgraph: node.serviceName,
    operation: node.operation,
    isQuery: node.kind === 'BatchFetch' || node.operationKind === OperationTypeNode.QUERY,
  }
}

/** The request up to its variables, which are all that differs between two of them. */
function bodyOf(node: FetchNode | BatchFetchNode): { start: string; names: readonly string[] } {
  const name =
    node.operationName === undefined ? '' : `"operationName":${JSON.stringify(node.operationName)},`
  return {
    start: `{"query":${JSON.stringify(node.operation)},${name}"variables":{`,
    names: node.variableUsages ?? [],
  }
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
  const { start, names } = bodyOf(node)
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
