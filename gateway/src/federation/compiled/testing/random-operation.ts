import {
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql'

const maxDepth = 4
const maxSelections = 4

/** What fields with arguments are given; an empty text stands for the defaults. */
const givenArguments: Readonly<Record<string, readonly string[]>> = {
  product: ['(id: "p1")', '(id: "p2")', '(id: "p4")', '(id: "no")'],
  node: ['(id: "p3")', '(id: "k1")', '(id: "f2")'],
  ofKind: ['', '(kind: TOY)', '(filter: { name: "Product 1" })', '(filter: null)'],
  review: ['(id: "r1")', '(id: "r5")'],
  topReviews: ['', '(first: 2)', '(first: 6)'],
  user: ['(id: "u1")', '(id: "u3")'],
  price: ['', '(currency: "USD")', '(currency: $text)'],
  reviews: ['', '(min: 2)', '(min: $min)'],
  shipping: ['', '(express: true)', '(express: $a)'],
}

export const randomVariables = '($a: Boolean! = true, $b: Boolean!, $min: Int! = 1, $text: String)'

/**
 * An operation that a row of numbers decides: fields at random, under aliases, in inline fragments
 * of types that apply or do not, with @skip and @include. Not always valid: who runs it checks.
 */
export function randomOperation(schema: GraphQLSchema, numbers: readonly number[]): string {
  let at = 0
  const choose = (count: number): number => {
    const number = numbers[at] ?? 0
    at += 1
    return number % count
  }
  const isDeep = (depth: number): boolean => depth >= maxDepth || at >= numbers.length
  const query = schema.getQueryType()
  if (query === undefined || query === null) throw new Error('a schema without queries')
  return `query Q${randomVariables} ${selectionsOf(query, 0)}`

  function selectionsOf(type: GraphQLCompositeType, depth: number): string {
    const parts: string[] = []
    const count = 1 + choose(maxSelections)
    for (let index = 0; index < count; index += 1) parts.push(selectionOf(type, depth))
    return `{ ${parts.join(' ')} }`
  }

  function selectionOf(type: GraphQLCompositeType, depth: number): string {
    const kind = choose(8)
    if (kind === 0 || isUnionType(type)) {
      if (isDeep(depth) || choose(4) === 0) return '__typename'
      const others = conditionsFor(type)
      const other = others[choose(others.length)] ?? type
      return `... on ${other.name} ${directive()} ${selectionsOf(other, depth + 1)}`
    }
    if (kind === 1) return choose(2) === 0 ? '__typename' : 't: __typename'
    const fields = Object.values(type.getFields()).filter(
      (field) => !isDeep(depth) || !isCompositeType(getNamedType(field.type)),
    )
    const field = fields[choose(fields.length)]
    return field === undefined ? '__typename' : fieldText(field, depth)
  }

  function fieldText(field: GraphQLField<unknown, unknown>, depth: number): string {
    const options = givenArguments[field.name] ?? ['']
    const option = choose(options.length)
    // The same response key always stands for the same arguments.
    const alias = option > 0 || choose(6) === 0 ? `${field.name}${option}: ` : ''
    const type = getNamedType(field.type)
    const inner = isCompositeType(type) ? ` ${selectionsOf(type, depth + 1)}` : ''
    return `${alias}${field.name}${options[option] ?? ''} ${directive()}${inner}`
  }

  function directive(): string {
    const texts = ['@include(if: $a)', '@skip(if: $a)', '@include(if: $b)', '@skip(if: $b)']
    return texts[choose(16)] ?? ''
  }

  function conditionsFor(type: GraphQLCompositeType): readonly GraphQLCompositeType[] {
    const all = Object.values(schema.getTypeMap()).filter(
      (other) => isObjectType(other) || isInterfaceType(other) || isUnionType(other),
    )
    const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [type]
    return all.filter(
      (other) =>
        !other.name.startsWith('__') &&
        possible.some(
          (one) => one === other || (isAbstractType(other) && schema.isSubType(other, one)),
        ),
    )
  }
}
