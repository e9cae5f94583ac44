import {
  getArgumentValues,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type GraphQLField,
  type GraphQLSchema,
  type NameNode,
  type OperationDefinitionNode,
  type VariableDefinitionNode,
} from 'graphql'

/** A subscription that can be opened again from a position, without the client's help. */
export interface ResumableDocument {
  /** To be planned in place of the client's document. */
  readonly document: DocumentNode
  /** The variable that says where to start. */
  readonly afterVariable: string
  /** Where the client asked to start. */
  readonly after: string | undefined
  /** Response keys of the root field and, below it, of the cursor. */
  readonly rootKey: string
  readonly cursorKey: string
}

interface Rewritten {
  readonly document: DocumentNode
  readonly afterVariable: string
  readonly cursorKey: string
  readonly root: FieldNode
  readonly definition: GraphQLField<unknown, unknown>
}

// The same document comes with every subscriber, and only where each starts differs.
const known = new WeakMap<
  DocumentNode,
  { readonly of: Asked; readonly is: Rewritten | undefined }
>()

interface Asked {
  readonly schema: GraphQLSchema
  readonly operation: OperationDefinitionNode
}

/**
 * Rewrites a validated subscription whose root field takes `after` and whose events have a
 * `cursor`: `after` becomes a variable of ours, and the cursor is selected under an alias of
 * ours. The result is shaped by the client's own document, so neither shows. Undefined when the
 * subscription has no such field: it cannot be resumed.
 */
export function resumableDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
  variables: Readonly<Record<string, unknown>>,
): ResumableDocument | undefined {
  const rewritten = rewrittenOnce(schema, document, operation)
  if (rewritten === undefined) return undefined
  const { root, definition, afterVariable, cursorKey } = rewritten
  const { after } = getArgumentValues(definition, root, variables)
  return {
    document: rewritten.document,
    afterVariable,
    after: typeof after === 'string' ? after : undefined,
    rootKey: root.alias?.value ?? root.name.value,
    cursorKey,
  }
}

function rewrittenOnce(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Rewritten | undefined {
  const last = known.get(document)
  if (last?.of.schema === schema && last.of.operation === operation) return last.is
  const rewritten = rewrite(schema, document, operation)
  known.set(document, { of: { schema, operation }, is: rewritten })
  return rewritten
}

function rewrite(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): Rewritten | undefined {
  const text = print(document)
  const afterVariable = unusedName('__heirloom_after', text)
  const cursorKey = unusedName('__heirloom_cursor', text)
  const typeInfo = new TypeInfo(schema)
  let found: Pick<Rewritten, 'root' | 'definition'> | undefined

  const rewritten = visit(
    document,
    visitWithTypeInfo(typeInfo, {
      Field: {
        leave: (node) => {
          if (typeInfo.getParentType() !== schema.getSubscriptionType()) return undefined
          const definition = typeInfo.getFieldDef()
          if (!isResumable(definition) || node.selectionSet === undefined) return undefined
          found = { root: node, definition }
          return withCursor(node, afterVariable, cursorKey)
        },
      },
      OperationDefinition: {
        leave: (node) =>
          node.name?.value === operation.name?.value
            ? {
                ...node,
                variableDefinitions: [
                  ...(node.variableDefinitions ?? []),
                  textVariable(afterVariable),
                ],
              }
            : undefined,
      },
    }),
  )
  if (found === undefined) return undefined
  return { document: rewritten, afterVariable, cursorKey, ...found }
}

function isResumable(
  definition: GraphQLField<unknown, unknown> | null | undefined,
): definition is GraphQLField<unknown, unknown> {
  if (definition === null || definition === undefined) return false
  const event = getNamedType(definition.type)
  if (!isObjectType(event) && !isInterfaceType(event)) return false
  const after = definition.args.find(({ name }) => name === 'after')
  return String(after?.type) === 'String' && event.getFields()['cursor'] !== undefined
}

function withCursor(node: FieldNode, afterVariable: string, cursorKey: string): FieldNode {
  const after: ArgumentNode = {
    kind: Kind.ARGUMENT,
    name: name('after'),
    value: { kind: Kind.VARIABLE, name: name(afterVariable) },
  }
  const cursor: FieldNode = { kind: Kind.FIELD, name: name('cursor'), alias: name(cursorKey) }
  return {
    ...node,
    arguments: [...(node.arguments ?? []).filter((given) => given.name.value !== 'after'), after],
    selectionSet: {
      kind: Kind.SELECTION_SET,
      selections: [...(node.selectionSet?.selections ?? []), cursor],
    },
  }
}

function textVariable(variable: string): VariableDefinitionNode {
  return {
    kind: Kind.VARIABLE_DEFINITION,
    variable: { kind: Kind.VARIABLE, name: name(variable) },
    type: { kind: Kind.NAMED_TYPE, name: name('String') },
  }
}

function name(value: string): NameNode {
  return { kind: Kind.NAME, value }
}

/** Clients may use any name; ours must not meet one of theirs. */
function unusedName(wanted: string, text: string): string {
  return text.includes(wanted) ? unusedName(`${wanted}_`, text) : wanted
}
