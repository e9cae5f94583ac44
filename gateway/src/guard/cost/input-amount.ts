import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  Kind,
  type GraphQLInputType,
  type ObjectValueNode,
  type ValueNode,
} from 'graphql'
import { isObject } from '../../federation/json.js'
import { plus, type Amount } from './amount.js'

/** The weight that @cost gives a type, or a field of an input object. */
export type InputPrice = (coordinate: string) => number | undefined

/** What a value that a client sends costs: each input object in it, wherever it is, is counted. */
export function inputAmount(type: GraphQLInputType, value: ValueNode, price: InputPrice): Amount {
  const named = getNamedType(type)
  if (!isInputObjectType(named) && price(named.name) === undefined) return 0
  switch (value.kind) {
    case Kind.VARIABLE: {
      const name = value.name.value
      return (values) => costOf(type, values[name], price)
    }
    case Kind.LIST:
      return value.values.reduce<Amount>(
        (sum, each) => plus(sum, inputAmount(itemOf(type), each, price)),
        0,
      )
    case Kind.OBJECT:
      return ofObject(type, value, price)
    case Kind.NULL:
      return 0
    default:
      return price(named.name) ?? 0
  }
}

function ofObject(type: GraphQLInputType, value: ObjectValueNode, price: InputPrice): Amount {
  const named = getNamedType(type)
  if (!isInputObjectType(named)) return price(named.name) ?? 0
  return value.fields.reduce<Amount>(
    (sum, { name, value: inner }) => {
      const field = named.getFields()[name.value]
      if (field === undefined) return sum
      const own = price(`${named.name}.${field.name}`) ?? 0
      return plus(sum, plus(own, inputAmount(field.type, inner, price)))
    },
    price(named.name) ?? 1,
  )
}

/** @param value coerced */
function costOf(type: GraphQLInputType, value: unknown, price: InputPrice): number {
  if (value === undefined || value === null) return 0
  if (Array.isArray(value)) {
    return value.reduce<number>((sum, each) => sum + costOf(itemOf(type), each, price), 0)
  }
  const named = getNamedType(type)
  if (!isInputObjectType(named)) return price(named.name) ?? 0
  if (!isObject(value)) return 0
  const fields = named.getFields()
  return Object.entries(value).reduce(
    (sum, [name, inner]) => {
      const field = fields[name]
      if (field === undefined || inner === undefined) return sum
      return sum + (price(`${named.name}.${name}`) ?? 0) + costOf(field.type, inner, price)
    },
    price(named.name) ?? 1,
  )
}

function itemOf(type: GraphQLInputType): GraphQLInputType {
  const nullable = getNullableType(type)
  return isListType(nullable) ? nullable.ofType : type
}
