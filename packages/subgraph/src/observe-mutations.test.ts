import { buildSchema, graphql, type GraphQLSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import { observeMutations, type MutationObserver } from './observe-mutations.js'

interface Context {
  readonly log: string[]
}

function schemaWith(observer: MutationObserver<Context>): GraphQLSchema {
  const schema = buildSchema(`
    type Query { read: Int }
    type Mutation { write(input: Int!): Int!, refuse(input: Int!): Int!, plain: Int }
  `)
  const fields = schema.getMutationType()?.getFields() ?? {}
  const resolve = (name: string, resolver: (input: number) => number): void => {
    const field = fields[name]
    if (field === undefined) throw new Error(name)
    field.resolve = (_source, { input }: { input: number }, { log }: Context) => {
      log.push('runs')
      return resolver(input)
    }
  }
  resolve('write', (input) => input)
  resolve('refuse', () => {
    throw new AppError('FORBIDDEN', 'no')
  })
  observeMutations(schema, observer)
  return schema
}

const noting: MutationObserver<Context> = {
  begins: async ({ log }, { field, args }) => void log.push(`${field} ${JSON.stringify(args)}`),
  failed: async ({ log }, { field }, { code }) => void log.push(`${field} ${code}`),
}

async function run(schema: GraphQLSchema, source: string) {
  const log: string[] = []
  const { data, errors } = await graphql({
    schema,
    source,
    contextValue: { log },
    rootValue: { plain: 7, read: 8 },
  })
  return { log, data: { ...data }, errors: errors?.map(({ message }) => message) }
}

describe('an observer of mutations', () => {
  it('is told before each runs, and changes nothing of its answer', async () => {
    const source = 'mutation { write(input: 3) plain }'
    expect(await run(schemaWith(noting), source)).toEqual({
      log: ['write {"input":3}', 'runs', 'plain {}'],
      data: { write: 3, plain: 7 },
      errors: undefined,
    })
  })

  it('is told of an error, which the caller gets all the same', async () => {
    expect(await run(schemaWith(noting), 'mutation { refuse(input: 3) }')).toMatchObject({
      log: ['refuse {"input":3}', 'runs', 'refuse FORBIDDEN'],
      errors: ['no'],
    })
  })

  it('keeps a mutation from running by throwing', async () => {
    const begins = () => Promise.reject(new AppError('BACKEND_UNAVAILABLE', 'the log is away'))
    expect(await run(schemaWith({ begins }), 'mutation { write(input: 3) }')).toMatchObject({
      log: [],
      errors: ['the log is away'],
    })
  })

  it('is told of no query', async () => {
    expect(await run(schemaWith(noting), '{ read }')).toMatchObject({ log: [], data: { read: 8 } })
  })
})
