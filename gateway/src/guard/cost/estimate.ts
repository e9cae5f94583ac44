import {
  getNamedType,
  getNullableType,
  GraphQLError,
  isCompositeType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  OperationTypeNode,
  type ArgumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql'
import { plus, times, type Amount } from './amount.js'
import { inputAmount, type InputPrice } from './input-amount.js'
import type { ListSize, Prices } from './prices.js'

// The static estimate of the cost specification: what an operation would cost if every list were as
// long as it may be. Weights are 1 for objects and input objects, 0 for scalars and enums, unless
// @cost says otherwise, and a mutation costs 10 by itself, as Apollo's demand control has them. Of
// fragments on several types all are counted, though an object has one type: it is an upper bound.
// What follows from variables is left open in functions, so that a document is walked once.

export interface Estimate {
  readonly cost: Amount
  /** Lengths that slicing arguments ask for, each by the field that it is for. */
  readonly slices: readonly { readonly field: string; readonly length: Amount }[]
  /** What is wrong with slicing arguments. */
  readonly errors: readonly GraphQLError[]
}

export interface EstimateOptions {
  readonly schema: GraphQLSchema
  readonly prices: Prices
  /** Of a list of which nothing is said. */
  readonly defaultListSize: number
}

/** Lists inside what a field returns whose length the field has been told. */
interface Sized {
  readonly fields: readonly string[]
  readonly length: Amount
}

type Fragments = ReadonlyMap<string, FragmentDefinitionNode>
type Parent = GraphQLNamedType | undefined

const mutationCost = 10
/** Arguments that ask for so many items, in schemas that do not say which do. */
const usualSlicingArguments = ['first', 'last', 'limit']

/** @param operation that is valid, and within the limits of an operation */
export function estimate(
  operation: OperationDefinitionNode,
  fragments: Fragments,
  { schema, prices, defaultListSize }: EstimateOptions,
): Estimate {
  const slices: { field: string; length: Amount }[] = []
  const errors: GraphQLError[] = []
  const known = new Map<Sized | undefined, Map<string, Amount>>()
  const inputPrice: InputPrice = (coordinate) => prices.weight(coordinate)

  function ofSelections(set: SelectionSetNode, parent: Parent, sized: Sized | undefined): Amount {
    return set.selections.reduce<Amount>(
      (sum, selection) =>
        plus(sum, times(chosen(selection), ofSelection(selection, parent, sized))),
      0,
    )
  }

  function ofSelection(node: SelectionNode, parent: Parent, sized: Sized | undefined): Amount {
    if (node.kind === Kind.FIELD) return ofField(node, parent, sized)
    if (node.kind === Kind.FRAGMENT_SPREAD) return ofFragment(node.name.value, sized)
    const { typeCondition } = node
    const inner = typeCondition === undefined ? parent : schema.getType(typeCondition.name.value)
    return ofSelections(node.selectionSet, inner, sized)
  }

  /** Once for each place that says how long its lists are. */
  function ofFragment(name: string, sized: Sized | undefined): Amount {
    const here = known.get(sized) ?? new Map<string, Amount>()
    known.set(sized, here)
    const found = here.get(name)
    if (found !== undefined) return found
    const fragment = fragments.get(name)
    if (fragment === undefined) return 0
    const parent = schema.getType(fragment.typeCondition.name.value)
    const amount = ofSelections(fragment.selectionSet, parent, sized)
    here.set(name, amount)
    return amount
  }

  function ofField(node: FieldNode, parent: Parent, sized: Sized | undefined): Amount {
    const name = node.name.value
    const field =
      isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[name] : undefined
    // __typename and introspection, which no subgraph is asked for.
    if (parent === undefined || field === undefined) return 0
    const coordinate = `${parent.name}.${name}`
    const type = getNamedType(field.type)
    const listSize = prices.listSize(coordinate)
    const sliced = slicedLength(node, field, coordinate, listSize)
    const inner = innerSizes(listSize, sliced)
    const weight =
      prices.weight(coordinate) ?? prices.weight(type.name) ?? (isCompositeType(type) ? 1 : 0)
    const nested =
      node.selectionSet === undefined ? 0 : ofSelections(node.selectionSet, type, inner)
    const length = isListType(getNullableType(field.type))
      ? lengthOf(name, sized, inner === undefined ? (sliced ?? listSize?.assumedSize) : undefined)
      : 1
    return plus(times(length, plus(weight, nested)), ofArguments(node, field, coordinate))
  }

  function innerSizes(
    listSize: ListSize | undefined,
    sliced: Amount | undefined,
  ): Sized | undefined {
    if (listSize === undefined || listSize.sizedFields.length === 0) return undefined
    return {
      fields: listSize.sizedFields,
      length: sliced ?? listSize.assumedSize ?? defaultListSize,
    }
  }

  function lengthOf(name: string, sized: Sized | undefined, own: Amount | undefined): Amount {
    return sized?.fields.includes(name) === true ? sized.length : (own ?? defaultListSize)
  }

  /** The largest of what slicing arguments say; undefined when they say nothing. */
  function slicedLength(
    node: FieldNode,
    field: GraphQLField<unknown, unknown>,
    coordinate: string,
    listSize: ListSize | undefined,
  ): Amount | undefined {
    const slicing = listSize?.slicingArguments ?? []
    const isRead = operation.operation !== OperationTypeNode.MUTATION || slicing.length > 0
    const usual = isRead && isCompositeType(getNamedType(field.type)) ? usualSlicingArguments : []
    const names = slicing.length > 0 ? slicing : usual
    const lengths = names.flatMap((name) => {
      const length = lengthIn(
        node.arguments?.find((each) => each.name.value === name),
        field,
        name,
      )
      return length === undefined ? [] : [length]
    })
    if (
      slicing.length > 0 &&
      listSize?.requireOneSlicingArgument === true &&
      lengths.length !== 1
    ) {
      const message = `${coordinate} takes exactly one of: ${slicing.join(', ')}`
      errors.push(new GraphQLError(message, { nodes: node }))
    }
    const longest = lengths.reduce<Amount | undefined>(
      (most, length) => (most === undefined ? length : larger(most, length)),
      undefined,
    )
    if (longest !== undefined) slices.push({ field: coordinate, length: longest })
    return slicing.length === 0 ? undefined : longest
  }

  function ofArguments(
    node: FieldNode,
    { args }: GraphQLField<unknown, unknown>,
    coordinate: string,
  ): Amount {
    return (node.arguments ?? []).reduce<Amount>((sum, { name, value }) => {
      const argument = args.find((each) => each.name === name.value)
      return argument === undefined ? sum : plus(sum, ofArgument(argument, value, coordinate))
    }, 0)
  }

  function ofArgument({ name, type }: GraphQLArgument, value: ValueNode, of: string): Amount {
    const weight = prices.weight(`${of}(${name}:)`)
    if (weight === undefined) return inputAmount(type, value, inputPrice)
    // The argument's own weight stands in for that of its value.
    const within = isInputObjectType(getNamedType(type)) ? inputAmount(type, value, inputPrice) : 0
    return plus(weight, within)
  }

  const root = schema.getRootType(operation.operation) ?? undefined
  const base = operation.operation === OperationTypeNode.MUTATION ? mutationCost : 0
  const cost = plus(base, ofSelections(operation.selectionSet, root, undefined))
  return { cost, slices, errors }
}

/** 0 where a directive leaves the selection out, else 1. */
function chosen({ directives }: SelectionNode): Amount {
  return (directives ?? []).reduce<Amount>((all, { name, arguments: given }) => {
    const isSkip = name.value === 'skip'
    const value = given?.find((each) => each.name.value === 'if')?.value
    if ((!isSkip && name.value !== 'include') || value === undefined) return all
    if (value.kind === Kind.BOOLEAN) return value.value === isSkip ? 0 : all
    if (value.kind !== Kind.VARIABLE) return all
    const variable = value.name.value
    return times(all, (values) => ((values[variable] === true) === isSkip ? 0 : 1))
  }, 1)
}

function lengthIn(
  given: ArgumentNode | undefined,
  { args }: GraphQLField<unknown, unknown>,
  name: string,
): Amount | undefined {
  const byDefault = args.find((argument) => argument.name === name)?.defaultValue
  const otherwise = typeof byDefault === 'number' ? byDefault : undefined
  if (given === undefined) return otherwise
  const { value } = given
  if (value.kind === Kind.INT) return Math.max(0, Number(value.value))
  if (value.kind !== Kind.VARIABLE) return undefined
  const variable = value.name.value
  return (values) => {
    const length = values[variable]
    return typeof length === 'number' ? Math.max(0, length) : (otherwise ?? 0)
  }
}

function larger(a: Amount, b: Amount): Amount {
  if (typeof a === 'number' && typeof b === 'number') return Math.max(a, b)
  return (values) =>
    Math.max(typeof a === 'number' ? a : a(values), typeof b === 'number' ? b : b(values))
}
