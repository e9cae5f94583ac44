import type { GraphQLFieldResolver, GraphQLSchema } from 'graphql'
import { defaultFieldResolver } from 'graphql'
import { toAppError, type AppError } from '@heirloom/errors'

/** One field of Mutation that somebody asked for. */
export interface Mutation {
  readonly field: string
  readonly args: Readonly<Record<string, unknown>>
}

/** Is told of every mutation of a subgraph, however its resolver is written. */
export interface MutationObserver<Context> {
  /** Before the resolver runs: when this throws, it does not run. */
  readonly begins?: (context: Context, mutation: Mutation) => Promise<void>
  /** After it threw, and before the caller is told; must not throw. */
  readonly failed?: (context: Context, mutation: Mutation, error: AppError) => Promise<void>
}

/** Changes the schema in place. */
export function observeMutations<Context>(
  schema: GraphQLSchema,
  observer: MutationObserver<Context>,
): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    field.resolve = observed(field.name, field.resolve ?? defaultFieldResolver, observer)
  }
}

function observed<Context>(
  field: string,
  resolve: GraphQLFieldResolver<unknown, Context>,
  { begins, failed }: MutationObserver<Context>,
): GraphQLFieldResolver<unknown, Context> {
  return async (source, args: Record<string, unknown>, context, info): Promise<unknown> => {
    const mutation = { field, args }
    try {
      await begins?.(context, mutation)
      return await resolve(source, args, context, info)
    } catch (error) {
      await failed?.(context, mutation, toAppError(error))
      throw error
    }
  }
}
