/**
 * A parsed executable document as text again, as section 2 of the GraphQL specification (October
 * 2021) writes it. `graphql` has a printer, but a front end that parses at build time need not
 * carry `graphql` at all.
 */
export interface DocumentAst {
  readonly kind: 'Document'
  readonly definitions: readonly object[]
}

/** Any node, as `graphql` and code generators build them. */
interface Node {
  readonly kind: string
  readonly [field: string]: unknown
}

export function printDocument({ definitions }: DocumentAst): string {
  return each(definitions).join('\n')
}

function print(node: Node): string {
  const name = child(node, 'name')
  switch (node.kind) {
    case 'Name':
      return String(node['value'])
    case 'OperationDefinition':
      return `${String(node['operation'])} ${name}${all(node, 'variableDefinitions', '(', ')')}${directives(node)} ${child(node, 'selectionSet')}`
    case 'FragmentDefinition':
      return `fragment ${name} on ${child(node, 'typeCondition')}${directives(node)} ${child(node, 'selectionSet')}`
    case 'VariableDefinition':
      return `${child(node, 'variable')}: ${child(node, 'type')}${prefixed(' = ', child(node, 'defaultValue'))}${directives(node)}`
    case 'SelectionSet':
      return `{ ${each(node['selections']).join(' ')} }`
    case 'Field': {
      const alias = child(node, 'alias')
      return `${alias === '' ? '' : `${alias}: `}${name}${all(node, 'arguments', '(', ')')}${directives(node)}${prefixed(' ', child(node, 'selectionSet'))}`
    }
    case 'FragmentSpread':
      return `...${name}${directives(node)}`
    case 'InlineFragment':
      return `...${prefixed(' on ', child(node, 'typeCondition'))}${directives(node)} ${child(node, 'selectionSet')}`
    case 'Directive':
      return `@${name}${all(node, 'arguments', '(', ')')}`
    case 'Argument':
    case 'ObjectField':
      return `${name}: ${child(node, 'value')}`
    case 'Variable':
      return `$${name}`
    case 'NamedType':
      return name
    case 'ListType':
      return `[${child(node, 'type')}]`
    case 'NonNullType':
      return `${child(node, 'type')}!`
    case 'StringValue':
      // A JSON string is a GraphQL string (section 2.9.4), whichever way it was written before.
      return JSON.stringify(node['value'])
    case 'NullValue':
      return 'null'
    case 'ListValue':
      return `[${each(node['values']).join(', ')}]`
    case 'ObjectValue':
      return `{${each(node['fields']).join(', ')}}`
    default:
      // IntValue, FloatValue, BooleanValue, EnumValue.
      return String(node['value'])
  }
}

function each(nodes: unknown): string[] {
  return Array.isArray(nodes) ? nodes.map((node) => print(node as Node)) : []
}

function child(node: Node, field: string): string {
  const value = node[field]
  return value === undefined || value === null ? '' : print(value as Node)
}

function all(node: Node, field: string, open: string, close: string): string {
  const parts = each(node[field])
  return parts.length === 0 ? '' : `${open}${parts.join(', ')}${close}`
}

function directives(node: Node): string {
  return prefixed(' ', each(node['directives']).join(' '))
}

function prefixed(prefix: string, text: string): string {
  return text === '' ? '' : prefix + text
}
