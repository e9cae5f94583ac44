/** Variables of an operation, coerced, with defaults. */
export type Values = Readonly<Record<string, unknown>>

/** What is known once and for all, or follows from the variables. */
export type Amount = number | ((values: Values) => number)

export function amountFor(amount: Amount, values: Values): number {
  return typeof amount === 'number' ? amount : amount(values)
}

export function plus(a: Amount, b: Amount): Amount {
  if (typeof a === 'number' && typeof b === 'number') return a + b
  if (a === 0) return b
  if (b === 0) return a
  return (values) => amountFor(a, values) + amountFor(b, values)
}

export function times(a: Amount, b: Amount): Amount {
  if (typeof a === 'number' && typeof b === 'number') return a * b
  if (a === 1) return b
  if (b === 1) return a
  if (a === 0 || b === 0) return 0
  return (values) => amountFor(a, values) * amountFor(b, values)
}
