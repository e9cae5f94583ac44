import type { FetchNode, PlanNode } from '@apollo/query-planner'
import type { GraphQLSchema } from 'graphql'
import { getOwn, isObject, merge, type Json, type JsonObject } from './json.js'
import { buildRepresentations, type Located } from './representations.js'
import { applyRewrites } from './rewrites.js'
import type { Caller, FetchSubgraph, SubgraphError } from './subgraph-request.js'

export interface PlanRun {
  /**
   * Answers are merged into these, in place. They may hold data already: events that are filled.
   * Several at once cost as many fetches as one: entities are asked for together, each once.
   */
  readonly roots: readonly JsonObject[]
  /** Coerced, with defaults. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly caller: Caller
  readonly signal?: AbortSignal | undefined
}

/**
 * Runs a query plan. Resolves to the errors that subgraphs reported, for each root those that
 * concern it, with paths into its data; the data still has to be shaped (`shapeResult`). Order: a
 * Sequence waits for each step, a Parallel runs its steps at once. Throws only for a plan that it
 * does not understand, and does so before anything is sent.
 */
export type ExecutePlan = (
  plan: PlanNode | undefined,
  run: PlanRun,
) => Promise<readonly (readonly SubgraphError[])[]>

/**
 * Where a step works: the objects at one place of the plan, each with its path, which begins with
 * the number of its root.
 */
type Scope = readonly Located[]

/** Interprets the plan node by node. */
export function createPlanInterpreter(
  supergraphSchema: GraphQLSchema,
  fetchSubgraph: FetchSubgraph,
): ExecutePlan {
  return async (plan, run) => {
    const errors = run.roots.map((): SubgraphError[] => [])
    if (plan === undefined) return errors
    assertUnderstood(plan)
    await runNode(
      plan,
      run.roots.map((value, index) => ({ path: [index], value })),
    )
    return errors

    function report(error: SubgraphError, owners: Scope, inner: SubgraphError['path']): void {
      for (const [root, ...path] of firstPathPerRoot(owners)) {
        errors[Number(root)]?.push({ ...error, path: [...path, ...(inner ?? [])] })
      }
    }

    async function runNode(node: PlanNode, scope: Scope): Promise<void> {
      switch (node.kind) {
        case 'Sequence':
          for (const step of node.nodes) await runNode(step, scope)
          return
        case 'Parallel':
          await Promise.all(node.nodes.map((step) => runNode(step, scope)))
          return
        case 'Flatten':
          return runNode(node.node, flatten(scope, node.path))
        case 'Condition': {
          const branch = run.variables[node.condition] === true ? node.ifClause : node.elseClause
          return branch === undefined ? undefined : runNode(branch, scope)
        }
        case 'Fetch':
          return runFetch(node, scope)
        case 'Defer':
          throw new Error('unreachable: refused before anything was sent')
      }
    }

    async function runFetch(node: FetchNode, scope: Scope): Promise<void> {
      const objects = scope.filter(isLocatedObject)
      if (objects.length === 0) return
      const request = {
        subgraph: node.serviceName,
        query: node.operation,
        operationName: node.operationName,
        caller: run.caller,
        signal: run.signal,
      }
      const variables = pick(run.variables, node.variableUsages ?? [])

      if (node.requires === undefined) {
        const answer = await fetchSubgraph({ ...request, variables })
        for (const error of answer.errors ?? []) report(error, objects, error.path)
        if (!isObject(answer.data)) return
        applyRewrites(supergraphSchema, node.outputRewrites, answer.data)
        for (const { value } of objects) merge(value, structuredClone(answer.data))
        return
      }

      const batch = buildRepresentations(supergraphSchema, node, objects)
      if (batch.representations.length === 0) return
      const answer = await fetchSubgraph({
        ...request,
        variables: { ...variables, representations: batch.representations },
      })
      for (const error of answer.errors ?? []) {
        // An error at `_entities[i]…` happened at the objects that asked for that entity; one
        // without a place concerns everybody who asked.
        const [, index, ...inner] = error.path ?? []
        const owners = typeof index === 'number' ? batch.owners[index] : undefined
        report(error, owners ?? batch.owners.flat(), inner)
      }
      const entities = isObject(answer.data) ? getOwn(answer.data, '_entities') : undefined
      if (!Array.isArray(entities)) return
      for (const [index, entity] of entities.entries()) {
        if (!isObject(entity)) continue
        for (const { value } of batch.owners[index] ?? []) {
          // Rewrites look at __typename, which the planner leaves out where the owner has it.
          const typename = getOwn(entity, '__typename') ?? getOwn(value, '__typename')
          const copy: JsonObject = { ...structuredClone(entity), __typename: typename }
          applyRewrites(supergraphSchema, node.outputRewrites, copy)
          merge(value, copy)
        }
      }
    }
  }
}

type LocatedObject = Located & { readonly value: JsonObject }

function isLocatedObject(located: Located): located is LocatedObject {
  return isObject(located.value)
}

/** Several objects of one event may stand for one entity: its error is told once per event. */
function firstPathPerRoot(owners: Scope): Iterable<Located['path']> {
  const paths = new Map<string | number | undefined, Located['path']>()
  for (const { path } of owners) if (!paths.has(path[0])) paths.set(path[0], path)
  return paths.values()
}

function flatten(scope: Scope, path: readonly (string | number)[]): Scope {
  return path.reduce<Scope>((located, key) => located.flatMap((at) => step(at, String(key))), scope)
}

function step({ path, value }: Located, key: string): readonly Located[] {
  if (key === '@') {
    if (!Array.isArray(value)) return []
    return value.map((item: Json, index) => ({ path: [...path, index], value: item }))
  }
  const next = isObject(value) ? getOwn(value, key) : undefined
  return next === undefined || next === null ? [] : [{ path: [...path, key], value: next }]
}

function pick(
  variables: Readonly<Record<string, unknown>>,
  names: readonly string[],
): Record<string, unknown> {
  const used = names.filter((name) => variables[name] !== undefined)
  return Object.fromEntries(used.map((name) => [name, variables[name]]))
}

function assertUnderstood(node: PlanNode): void {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      node.nodes.forEach(assertUnderstood)
      return
    case 'Flatten':
      return assertUnderstood(node.node)
    case 'Condition':
      for (const branch of [node.ifClause, node.elseClause]) {
        if (branch !== undefined) assertUnderstood(branch)
      }
      return
    case 'Fetch':
      if (node.contextRewrites === undefined) return
      throw new Error('a query plan uses @fromContext, which is not supported')
    case 'Defer':
      throw new Error('a query plan uses @defer, which is not supported')
  }
}
