/** Why an operation is left to the reference executor. Each is counted. */
export type FallbackReason =
  | 'invalid_variables'
  | 'not_a_query_or_mutation'
  | 'reserved_name'
  | 'too_large'
  | 'introspection_conditions'
  | 'unknown_directive'
  | 'plan_node'
  | 'plan_context'
  | 'plan_path'
  | 'plan_nested_root'
  | 'plan_variables'
  | 'plan_rewrite'
  | 'plan_fetch'
  | 'planner_error'
  | 'compiler_error'

/** Thrown while compiling, that is before anything is sent. */
export class Unsupported extends Error {
  constructor(
    readonly reason: FallbackReason,
    message: string,
  ) {
    super(message)
  }
}

/**
 * Thrown while compiling: the plan would make wrong data. The reference would run the like of it,
 * so the operation is refused; data that is silently wrong is worse than an error.
 */
export class Unsound extends Error {}

/**
 * Names that every JavaScript object answers to, or that mean something in an answer. Data under
 * such a key could not be told from its absence by plain property reads.
 */
export function refuseReservedName(key: string, fieldName: string): void {
  if (key in Object.prototype || (key.startsWith('__') && key !== fieldName)) {
    throw new Unsupported('reserved_name', `the response key ${key} has a meaning of its own`)
  }
}
