import type { FetchDataRewrite } from '@apollo/query-planner'
import type {
  FetchRewrite,
  FetchNodePathSegment,
  FlattenNodePathSegment,
  PlanNode,
  RequiresSelection,
} from '@graphql-hive/router-query-planner'
import { parse, print, visit, type ASTNode } from 'graphql'
import type {
  ExecutionNode,
  PlanForExecution,
  RequiredSelection,
  Requires,
  Rewrites,
} from './plan.js'
import type { Supergraph } from './supergraph.js'

/**
 * Hive's planner, written in Rust. Its plans are told in the words of the executor; what has no
 * words there is refused, so that the other planner takes it.
 * @throws Error that says why it is not for this machine (its binary is built for Linux with glibc
 * and for macOS) or for this supergraph
 */
export async function createHivePlanner(supergraph: Supergraph): Promise<PlanForExecution> {
  const { QueryPlanner } = await import('@graphql-hive/router-query-planner')
  const planner = new QueryPlanner(withoutDescriptions(supergraph.sdl))
  // Which progressive overrides hold is drawn from the operation, and told to the other planner.
  if (planner.overrideLabels.length > 0 || planner.overridePercentages.length > 0) {
    throw new Error('it is not told which progressive overrides hold')
  }
  const noLabels = new Set<string>()
  return (document) => {
    const { node } = planner.plan(print(document), null, noLabels, 0)
    return { node: node === undefined ? undefined : translated(node) }
  }
}

/** No plan depends on them, and the planner cannot read that of the schema itself. */
function withoutDescriptions(sdl: string): string {
  const enter = (node: ASTNode): ASTNode | undefined =>
    'description' in node && node.description !== undefined
      ? { ...node, description: undefined }
      : undefined
  return print(visit(parse(sdl, { noLocation: true }), { enter }))
}

function translated(node: PlanNode): ExecutionNode {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return { kind: node.kind, nodes: node.nodes.map(translated) }
    case 'Flatten':
      return { kind: 'Flatten', path: node.path.map(step), node: translated(node.node) }
    case 'Condition':
      return {
        kind: 'Condition',
        condition: node.condition,
        ifClause: node.ifClause === undefined ? undefined : translated(node.ifClause),
        elseClause: node.elseClause === undefined ? undefined : translated(node.elseClause),
      }
    case 'Fetch':
      return {
        kind: 'Fetch',
        serviceName: node.serviceName,
        variableUsages: node.variableUsages ?? [],
        operation: node.operation,
        operationKind: node.operationKind ?? 'query',
        ...(node.operationName === undefined ? {} : { operationName: node.operationName }),
        ...(node.requires === undefined ? {} : { requires: selections(node.requires) }),
        inputRewrites: [...rewrites(node.inputRewrites)],
        outputRewrites: [...rewrites(node.outputRewrites)],
      } as ExecutionNode
    case 'BatchFetch':
      return {
        kind: 'BatchFetch',
        serviceName: node.serviceName,
        variableUsages: node.variableUsages ?? [],
        operation: node.operation,
        operationName: node.operationName,
        groups: node.entityBatch.aliases.map((alias) => ({
          responseKey: alias.alias,
          variable: alias.representationsVariableName,
          paths: alias.paths.map((path) => path.map(step)),
          requires: selections(alias.requires),
          inputRewrites: rewrites(alias.inputRewrites),
          outputRewrites: rewrites(alias.outputRewrites),
        })),
      }
    default:
      return { kind: node.kind }
  }
}

function step(segment: FlattenNodePathSegment): string {
  if (segment === '@') return segment
  return 'Field' in segment ? segment.Field : `... on ${segment.TypeCondition.join(',')}`
}

function selections(list: readonly RequiresSelection[]): Requires {
  return list.map((selection): RequiredSelection => {
    switch (selection.kind) {
      case 'Field':
        return {
          kind: 'Field',
          // The key in the data is the name here, and the alias is what the subgraph calls it.
          name: selection.name,
          sentAs: selection.alias,
          ...(selection.selections === undefined || selection.selections.length === 0
            ? {}
            : { selections: selections(selection.selections) }),
        }
      case 'InlineFragment':
        if (selection.skipIf !== undefined || selection.includeIf !== undefined) {
          throw new Error('a representation that depends on a variable')
        }
        return {
          kind: 'InlineFragment',
          typeCondition: selection.typeCondition,
          selections: selections(selection.selections),
        }
      default:
        throw new Error('a representation with a named fragment')
    }
  })
}

function rewrites(list: readonly FetchRewrite[] | undefined): Rewrites {
  return (list ?? []).flatMap((rewrite): FetchDataRewrite[] => {
    if ('KeyRenamer' in rewrite) {
      const { path, renameKeyTo } = rewrite.KeyRenamer
      return paths(path).map((each) => ({ kind: 'KeyRenamer', path: each, renameKeyTo }))
    }
    const { path, setValueTo } = 'ValueSetter' in rewrite ? rewrite.ValueSetter : rewrite
    return paths(path).map((each) => ({ kind: 'ValueSetter', path: each, setValueTo }))
  })
}

/** A path for each combination of the types that it names: Apollo's name one at a time. */
function paths(path: readonly FetchNodePathSegment[]): string[][] {
  return path.reduce<string[][]>(
    (begun, segment) =>
      begun.flatMap((start) =>
        'Key' in segment
          ? [[...start, segment.Key]]
          : segment.TypenameEquals.map((type) => [...start, `... on ${type}`]),
      ),
    [[]],
  )
}
