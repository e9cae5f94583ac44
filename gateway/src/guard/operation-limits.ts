import {
  GraphQLError,
  Kind,
  type ASTVisitor,
  type FragmentDefinitionNode,
  type OperationDefinitionNode,
  type SelectionSetNode,
  type ValidationContext,
  type ValidationRule,
} from 'graphql'

/** The parser gives up after this many tokens, so that a huge document costs nothing. */
export const maxTokens = 5_000

/** Counted with fragments expanded. */
export interface OperationLimits {
  readonly depth: number
  readonly aliases: number
  readonly rootFields: number
  readonly fields: number
}

export const defaultOperationLimits: OperationLimits = {
  depth: 20,
  aliases: 100,
  rootFields: 50,
  fields: 2_000,
}

interface Size {
  readonly depth: number
  readonly fields: number
  readonly aliases: number
}

const nothing: Size = { depth: 0, fields: 0, aliases: 0 }

/**
 * Measures each operation with its fragments expanded, because that is what is planned and run:
 * thirty lines of fragments can stand for millions of fields. Each fragment is measured once.
 * Introspection is not counted; graphql-js limits it by a rule of its own.
 */
function measureOperations(limits: OperationLimits, context: ValidationContext): ASTVisitor {
  const measured = new Map<string, Size>()

  function sizeOf(selectionSet: SelectionSetNode | undefined): Size {
    let total = nothing
    for (const selection of selectionSet?.selections ?? []) {
      if (selection.kind === Kind.FIELD) {
        if (selection.name.value.startsWith('__')) continue
        const inner = sizeOf(selection.selectionSet)
        total = sum(total, {
          depth: inner.depth + 1,
          fields: inner.fields + 1,
          aliases: inner.aliases + (selection.alias === undefined ? 0 : 1),
        })
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        total = sum(total, sizeOf(selection.selectionSet))
      } else {
        total = sum(total, sizeOfFragment(context.getFragment(selection.name.value)))
      }
    }
    return total
  }

  function sizeOfFragment(fragment: FragmentDefinitionNode | null | undefined): Size {
    if (fragment === null || fragment === undefined) return nothing
    const known = measured.get(fragment.name.value)
    if (known !== undefined) return known
    // A fragment that contains itself is refused by another rule; here it must only end.
    measured.set(fragment.name.value, nothing)
    const size = sizeOf(fragment.selectionSet)
    measured.set(fragment.name.value, size)
    return size
  }

  return {
    OperationDefinition: (operation) => {
      const { depth, fields, aliases } = sizeOf(operation.selectionSet)
      const roots = operation.selectionSet.selections.length
      refuse(context, operation, 'depth', depth, limits.depth)
      refuse(context, operation, 'aliases', aliases, limits.aliases)
      refuse(context, operation, 'root_fields', roots, limits.rootFields)
      refuse(context, operation, 'fields', fields, limits.fields)
    },
  }
}

/** The rules, beside those of GraphQL itself, that an operation has to keep. */
export function operationRules(limits: OperationLimits): readonly ValidationRule[] {
  return [(context) => measureOperations(limits, context)]
}

export const operationLimits: readonly ValidationRule[] = operationRules(defaultOperationLimits)

function sum(a: Size, b: Size): Size {
  return {
    depth: Math.max(a.depth, b.depth),
    fields: a.fields + b.fields,
    aliases: a.aliases + b.aliases,
  }
}

function refuse(
  context: ValidationContext,
  node: OperationDefinitionNode,
  what: string,
  actual: number,
  limit: number,
): void {
  if (actual <= limit) return
  context.reportError(
    new GraphQLError(`the operation is too large: ${what} is ${actual}, the limit is ${limit}`, {
      nodes: node,
      extensions: { code: 'QUERY_TOO_COMPLEX', details: { [what]: actual, limit } },
    }),
  )
}
