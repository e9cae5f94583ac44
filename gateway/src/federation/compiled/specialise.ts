import {
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  Kind,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type ConstDirectiveNode,
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

// Plans are made for one set of values of the variables that @skip and @include depend on. That
// is faster, and keeps clear of conditions that Apollo's planner loses keys, and objects without
// any remaining field, over.

type Values = Readonly<Record<string, unknown>>

/** The variables that decide what is selected, in the order of their names. */
export function selectingVariables(document: DocumentNode): readonly string[] {
  const names = new Set<string>()
  visit(document, {
    Directive: (directive) => {
      const value = conditionOf(directive)
      if (value?.kind === Kind.VARIABLE) names.add(value.name.value)
    },
  })
  return [...names].toSorted()
}

/** What is left of a document for given values; a selection set may be left empty. */
export function specialised(document: DocumentNode, values: Values): DocumentNode {
  const selected = (node: { readonly directives?: readonly DirectiveNode[] | undefined }) => {
    const directives = node.directives ?? []
    if (directives.some((directive) => excludes(directive, values))) return null
    const kept = directives.filter((directive) => conditionOf(directive) === undefined)
    return kept.length === directives.length ? undefined : { ...node, directives: kept }
  }
  return visit(document, { Field: selected, InlineFragment: selected, FragmentSpread: selected })
}

/** The same without introspection, which no subgraph is asked for. */
export function withoutIntrospection(document: DocumentNode): DocumentNode {
  return visit(document, {
    Field: ({ name }) => (name.value === '__schema' || name.value === '__type' ? null : undefined),
  })
}

/**
 * The same with a plain __typename where the executor needs it, or something may take its place:
 * in empty selection sets, in those of abstract types, and beside one under an alias (of which
 * Hive's planner thinks that it will do). For the planner, not for clients.
 */
export function withTypenames(schema: GraphQLSchema, document: DocumentNode): DocumentNode {
  const types = new TypeInfo(schema)
  return visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet: {
        leave: (set: SelectionSetNode) => {
          const { selections } = set
          const names = selections.filter(isTypename)
          const isNeeded =
            selections.length === 0 ||
            isAbstractType(types.getParentType()) ||
            names.some(({ alias }) => alias !== undefined)
          if (!isNeeded || names.some(({ alias }) => alias === undefined)) return undefined
          return { ...set, selections: [typename, ...selections] }
        },
      },
    }),
  )
}

const typename = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } } as const

function isTypename(selection: SelectionNode): selection is FieldNode {
  return selection.kind === Kind.FIELD && selection.name.value === '__typename'
}

function excludes(directive: DirectiveNode, values: Values): boolean {
  const value = conditionOf(directive)
  if (value === undefined) return false
  const holds = value.kind === Kind.VARIABLE ? values[value.name.value] === true : isTrue(value)
  return directive.name.value === GraphQLSkipDirective.name ? holds : !holds
}

function isTrue(value: { readonly kind: Kind; readonly value?: unknown }): boolean {
  return value.kind === Kind.BOOLEAN && value.value === true
}

function conditionOf(directive: DirectiveNode | ConstDirectiveNode) {
  const name = directive.name.value
  if (name !== GraphQLSkipDirective.name && name !== GraphQLIncludeDirective.name) return undefined
  return directive.arguments?.find((argument) => argument.name.value === 'if')?.value
}
