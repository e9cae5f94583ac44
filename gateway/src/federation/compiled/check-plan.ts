import type { FetchNode } from '@apollo/query-planner'
import {
  getNamedType,
  getOperationAST,
  isAbstractType,
  isInterfaceType,
  isObjectType,
  Kind,
  parse,
  print,
  type DocumentNode,
  type FieldNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql'
import type { ExecutionNode, ExecutionPlan, Requires } from '../plan.js'
import type { SubgraphNeeds } from './subgraph-needs.js'
import { Unsound } from './unsupported.js'

// Planners have faults. Two kinds would go unnoticed and make wrong data: a field that the client
// asked for and that no fetch brings would read as null, and a subgraph that requires a field with
// certain arguments would be handed the value for others. So each plan is held against what it is
// for, once, before it is compiled. Places are paths of response keys without lists and types:
// coarser than the truth, so that what is found missing is missing indeed.

/** What fetches write at one place. */
interface Written {
  readonly fields: Map<string, WrittenField>
}

interface WrittenField {
  /** Which field it is that lies under this key, for objects of which type. */
  readonly sources: { readonly type: string | undefined; readonly call: string }[]
  readonly inner: Written
}

/** @throws Unsound that says what the plan would get wrong */
export function checkPlan(
  schemas: { readonly api: GraphQLSchema; readonly supergraph: GraphQLSchema },
  needs: SubgraphNeeds,
  document: DocumentNode,
  { node: plan, typesAreUnasked = false }: ExecutionPlan,
): void {
  const root: Written = { fields: new Map() }
  const fetches = plan === undefined ? [] : fetchesOf(plan, [])
  for (const fetch of fetches) {
    const set = operationOf(fetch.operation)
    for (const { at, key } of fetch.writes) write(root, at, key, set)
    for (const { at, renames } of fetch.renames) rename(root, at, renames)
  }
  for (const { subgraph, at, operation, key, requires } of fetches.flatMap(entitySets)) {
    checkRequired(subgraph, at, entitySelections(operation, key), requires)
  }
  checkCoverage(document, root)

  /**
   * Each type is asked for by a key that its subgraph resolves, and each field finds what it
   * requires, and no other value.
   */
  function checkRequired(
    subgraph: string,
    at: readonly string[],
    selections: readonly { readonly type: string; readonly field: string }[],
    requires: Requires,
  ): void {
    const place = placeAt(root, at)
    if (typesAreUnasked && place?.fields.has('__typename') !== true) {
      throw new Unsound(`no fetch of this plan brings the type of ${at.join('.')}`)
    }
    for (const type of new Set(selections.map((selection) => selection.type))) {
      const keys = needs.keysOf(subgraph, type)
      if (keys.length > 0 && !keys.some((key) => isSent(key, requires))) {
        throw new Unsound(`${type} is asked for by no key that ${subgraph} resolves`)
      }
    }
    for (const { type, field } of selections) {
      const needed = needs.requiredBy(subgraph, type, field)
      if (needed !== undefined) checkNeeded(place, type, needed, requires, `${type}.${field}`)
    }
  }

  function checkNeeded(
    place: Written | undefined,
    type: string | undefined,
    needed: SelectionSetNode,
    requires: Requires,
    by: string,
  ): void {
    for (const selection of needed.selections) {
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value ?? type
        checkNeeded(place, condition, selection.selectionSet, requires, by)
      } else if (selection.kind === Kind.FIELD) {
        const sent = sentFields(requires).find(({ sentAs }) => sentAs === selection.name.value)
        const written = sent === undefined ? undefined : place?.fields.get(sent.key)
        const wanted = call(selection)
        const sources = (written?.sources ?? []).filter(({ type: of }) => mayMeet(of, type))
        if (sources.length === 0 || sources.some((source) => source.call !== wanted)) {
          throw new Unsound(`${by} requires ${wanted}, which this plan does not give it`)
        }
        if (selection.selectionSet !== undefined) {
          checkNeeded(written?.inner, undefined, selection.selectionSet, sent?.selections ?? [], by)
        }
      }
    }
  }

  /** Whether objects of both types may lie at one place. */
  function mayMeet(one: string | undefined, other: string | undefined): boolean {
    if (one === undefined || other === undefined || one === other) return true
    const types = [one, other].map((name) => schemas.supergraph.getType(name))
    const [a, b] = types
    if (a === undefined || b === undefined) return true
    return isSubType(a, b) || isSubType(b, a)
  }

  function isSubType(abstract: GraphQLNamedType, actual: GraphQLNamedType): boolean {
    if (!isAbstractType(abstract) || !(isObjectType(actual) || isInterfaceType(actual)))
      return false
    return schemas.supergraph.isSubType(abstract, actual)
  }

  function checkCoverage(toPlan: DocumentNode, written: Written): void {
    const operation = getOperationAST(toPlan)
    if (operation === null || operation === undefined) return
    const type = schemas.api.getRootType(operation.operation)
    if (type === undefined || type === null) return
    cover(operation.selectionSet, type, written, [])

    function cover(
      set: SelectionSetNode,
      parent: GraphQLNamedType,
      at: Written,
      path: readonly string[],
    ): void {
      for (const selection of set.selections) {
        if (selection.kind === Kind.FIELD) coverField(selection, parent, at, path)
        else {
          const fragment =
            selection.kind === Kind.INLINE_FRAGMENT
              ? selection
              : fragmentOf(toPlan, selection.name.value)
          const condition = fragment?.typeCondition?.name.value ?? parent.name
          // What is asked of some types alone may be none of those that can be there.
          if (fragment !== undefined && alwaysIs(parent, condition)) {
            cover(fragment.selectionSet, parent, at, path)
          }
        }
      }
    }

    function coverField(
      field: FieldNode,
      parent: GraphQLNamedType,
      at: Written,
      path: readonly string[],
    ): void {
      const name = field.name.value
      const key = field.alias?.value ?? name
      if (typesAreUnasked && key === '__typename' && isAbstractType(parent)) {
        const sources = at.fields.get(key)?.sources ?? []
        if (sources.some(({ type }) => type === undefined || alwaysIs(parent, type))) return
        throw new Unsound(`no fetch of this plan brings the type of ${path.join('.')}`)
      }
      if (name.startsWith('__') || !(isObjectType(parent) || isInterfaceType(parent))) return
      const written = at.fields.get(key)
      if (written === undefined) {
        throw new Unsound(`no fetch of this plan brings ${[...path, key].join('.')}`)
      }
      const type = parent.getFields()[name]?.type
      if (field.selectionSet === undefined || type === undefined) return
      cover(field.selectionSet, getNamedType(type), written.inner, [...path, key])
    }
  }

  function alwaysIs(actual: GraphQLNamedType, condition: string): boolean {
    const wanted = schemas.api.getType(condition)
    return actual.name === condition || (wanted !== undefined && isSubType(wanted, actual))
  }
}

interface Fetch {
  readonly operation: string
  /** Where the parts of the answer go; `key` is that of a list of entities, if it is one. */
  readonly writes: readonly { readonly at: readonly string[]; readonly key: string | undefined }[]
  readonly renames: readonly { readonly at: readonly string[]; readonly renames: Renames }[]
  readonly sets: readonly Omit<EntitySet, 'operation'>[]
}

type Renames = NonNullable<FetchNode['outputRewrites']>

interface EntitySet {
  readonly subgraph: string
  readonly at: readonly string[]
  readonly operation: string
  readonly key: string
  readonly requires: Requires
}

function entitySets({ operation, sets }: Fetch): readonly EntitySet[] {
  return sets.map((set) => ({ ...set, operation }))
}

function fetchesOf(node: ExecutionNode, path: readonly string[]): readonly Fetch[] {
  switch (node.kind) {
    case 'Sequence':
    case 'Parallel':
      return node.nodes.flatMap((step) => fetchesOf(step, path))
    case 'Flatten':
      return fetchesOf(node.node, [...path, ...plain(node.path)])
    case 'Condition':
      return [node.ifClause, node.elseClause].flatMap((branch) =>
        branch === undefined ? [] : fetchesOf(branch, path),
      )
    case 'Fetch': {
      const { serviceName: subgraph, operation, requires, outputRewrites = [] } = node
      const key = requires === undefined ? undefined : '_entities'
      const sets =
        requires === undefined || key === undefined ? [] : [{ subgraph, at: path, key, requires }]
      return [
        {
          operation,
          writes: [{ at: path, key }],
          renames: [{ at: path, renames: outputRewrites }],
          sets,
        },
      ]
    }
    case 'BatchFetch': {
      const { serviceName: subgraph, operation, groups } = node
      const sets = groups.flatMap(({ paths, responseKey, requires, outputRewrites }) =>
        paths.map((at) => ({
          subgraph,
          at: plain(at),
          key: responseKey,
          requires,
          renames: [...outputRewrites],
        })),
      )
      return [{ operation, writes: sets, renames: sets, sets }]
    }
    default:
      return []
  }
}

function plain(path: readonly (string | number)[]): readonly string[] {
  return path.map(String).filter((step) => step !== '@' && !step.startsWith('... on '))
}

function operationOf(text: string): SelectionSetNode {
  const document = parse(text, { noLocation: true })
  const operation = getOperationAST(document)
  if (operation === null || operation === undefined) throw new Unsound('a fetch without operation')
  return inlined(document, operation.selectionSet)
}

/** Planners write named fragments to keep operations short. */
function inlined(document: DocumentNode, set: SelectionSetNode): SelectionSetNode {
  return {
    ...set,
    selections: set.selections.flatMap((selection) => {
      if (selection.kind !== Kind.FRAGMENT_SPREAD) {
        if (selection.selectionSet === undefined) return [selection]
        return [{ ...selection, selectionSet: inlined(document, selection.selectionSet) }]
      }
      const fragment = fragmentOf(document, selection.name.value)
      if (fragment === undefined) return []
      const { typeCondition, selectionSet } = fragment
      return [
        {
          kind: Kind.INLINE_FRAGMENT,
          typeCondition,
          selectionSet: inlined(document, selectionSet),
        },
      ]
    }),
  }
}

function fragmentOf(document: DocumentNode, name: string) {
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.name.value === name) {
      return definition
    }
  }
  return undefined
}

function write(
  root: Written,
  at: readonly string[],
  key: string | undefined,
  set: SelectionSetNode,
): void {
  let place = root
  for (const step of at) place = fieldAt(place, step).inner
  add(place, undefined, key === undefined ? set : entitiesIn(set, key))
}

function add(place: Written, type: string | undefined, set: SelectionSetNode): void {
  for (const selection of set.selections) {
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      add(place, selection.typeCondition?.name.value ?? type, selection.selectionSet)
    } else if (selection.kind === Kind.FIELD) {
      const field = fieldAt(place, selection.alias?.value ?? selection.name.value)
      field.sources.push({ type, call: call(selection) })
      if (selection.selectionSet !== undefined) add(field.inner, undefined, selection.selectionSet)
    }
  }
}

/** What is renamed lies under the new key, and no longer under the old one. */
function rename(root: Written, at: readonly string[], renames: Renames): void {
  for (const rewrite of renames) {
    if (rewrite.kind !== 'KeyRenamer') continue
    const names = plain(rewrite.path).filter((name) => name !== '_entities')
    const field = names.at(-1)
    const place = placeAt(root, [...at, ...names.slice(0, -1)])
    const present = field === undefined ? undefined : place?.fields.get(field)
    if (place === undefined || present === undefined) continue
    const target = fieldAt(place, rewrite.renameKeyTo)
    target.sources.push(...present.sources)
    for (const [key, inner] of present.inner.fields) target.inner.fields.set(key, inner)
  }
}

function fieldAt(place: Written, key: string): WrittenField {
  const known = place.fields.get(key) ?? { sources: [], inner: { fields: new Map() } }
  place.fields.set(key, known)
  return known
}

function placeAt(root: Written, path: readonly string[]): Written | undefined {
  return path.reduce<Written | undefined>((place, key) => place?.fields.get(key)?.inner, root)
}

function entitiesIn(set: SelectionSetNode, key: string): SelectionSetNode {
  for (const selection of set.selections) {
    if (selection.kind !== Kind.FIELD || selection.selectionSet === undefined) continue
    if ((selection.alias?.value ?? selection.name.value) === key) return selection.selectionSet
  }
  throw new Unsound(`a fetch that answers no ${key}`)
}

/** The fields that a fetch asks of entities themselves, by the type that they are asked of. */
function entitySelections(
  operation: string,
  key: string,
): readonly { readonly type: string; readonly field: string }[] {
  return fieldsOf(entitiesIn(operationOf(operation), key), undefined)
}

function fieldsOf(
  set: SelectionSetNode,
  type: string | undefined,
): readonly { readonly type: string; readonly field: string }[] {
  return set.selections.flatMap((selection) => {
    if (selection.kind === Kind.INLINE_FRAGMENT) {
      return fieldsOf(selection.selectionSet, selection.typeCondition?.name.value ?? type)
    }
    if (selection.kind !== Kind.FIELD || type === undefined) return []
    return [{ type, field: selection.name.value }]
  })
}

/** Whether a representation contains a set of fields. */
function isSent(set: SelectionSetNode, requires: Requires): boolean {
  const sent = sentFields(requires)
  return set.selections.every((selection) => {
    if (selection.kind === Kind.INLINE_FRAGMENT) return isSent(selection.selectionSet, requires)
    if (selection.kind !== Kind.FIELD) return false
    const parts = sent.filter(({ sentAs }) => sentAs === selection.name.value)
    if (parts.length === 0 || selection.selectionSet === undefined) return parts.length > 0
    return isSent(
      selection.selectionSet,
      parts.flatMap(({ selections }) => selections),
    )
  })
}

function sentFields(requires: Requires): readonly {
  readonly key: string
  readonly sentAs: string
  readonly selections: Requires
}[] {
  return requires.flatMap((selection) => {
    if (selection.kind === 'InlineFragment') return sentFields(selection.selections)
    const key = selection.alias ?? selection.name
    return [{ key, sentAs: selection.sentAs ?? key, selections: selection.selections ?? [] }]
  })
}

/** A field with its arguments, whatever its key. */
function call(field: FieldNode): string {
  const given = (field.arguments ?? []).map((argument) => print(argument)).toSorted()
  return given.length === 0 ? field.name.value : `${field.name.value}(${given.join(', ')})`
}
