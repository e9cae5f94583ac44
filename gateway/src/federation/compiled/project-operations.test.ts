import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  getNamedType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  OperationTypeNode,
  parse,
  typeFromAST,
  validate,
  type DocumentNode,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type NamedTypeNode,
} from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { testLogger } from '@heirloom/testkit'
import { testCaller } from '../../testing/test-caller.js'
import { createOperations } from '../operations.js'
import { createPlanner } from '../planner.js'
import { plannersFor, plannerNames } from '../planners.js'
import { loadSupergraph } from '../supergraph.js'
import { createCompiledOperations, type CompiledOperations } from './compiled-operations.js'

// None of the project's own operations is left to the reference executor: not what its tests,
// documents, console and client ask, and nothing that can be asked of any root field.

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const supergraph = loadSupergraph(new URL('schema/supergraph.graphql', `file://${root}`))
const { apiSchema } = supergraph
const maxDepth = 5

describe.each(plannerNames)('with the planner of %s', (planner) => {
  let operations: CompiledOperations

  beforeAll(async () => {
    const logger = testLogger()
    // Nothing has to be answered: whether an operation is compiled is decided before it is sent.
    const fetchSubgraph = () => Promise.resolve({ data: null, errors: [{ message: 'not here' }] })
    operations = createCompiledOperations({
      supergraph,
      plans: await plannersFor(supergraph, createPlanner(supergraph), planner, logger),
      fetchSubgraph,
      reference: await createOperations(supergraph, fetchSubgraph, logger),
      logger,
    })
  })

  afterAll(() => operations.close())

  async function runsWithoutFallback(queries: readonly string[]): Promise<void> {
    const before = operations.counts()
    for (const query of queries) {
      const left = new Map(operations.counts().fallbacks)
      await operations.respond({ query, variables: variablesFor(parse(query)) }, testCaller())
      expect(operations.counts().fallbacks, query).toEqual(left)
    }
    expect(operations.counts().compiled - before.compiled).toBe(queries.length)
  }

  it('compiles every operation that the project holds', async () => {
    const found = written()
    expect(found.length).toBeGreaterThan(20)
    await runsWithoutFallback(found)
  })

  it('compiles all that can be asked of each root field', async () => {
    const generated = [
      ...Object.values(apiSchema.getQueryType()?.getFields() ?? {}).map((field) =>
        whole('query', field),
      ),
      ...Object.values(apiSchema.getMutationType()?.getFields() ?? {}).map((field) =>
        whole('mutation', field),
      ),
    ]
    expect(generated.length).toBeGreaterThan(50)
    await runsWithoutFallback(generated)
  })
})

/** The queries and mutations in the sources of the project that the schema holds valid. */
function written(): readonly string[] {
  const texts = ['test', 'packages', 'gateway/src', 'docs', 'bench', 'README.md'].flatMap(filesIn)
  const found = texts.flatMap((file) => {
    const text = readFileSync(`${root}${file}`, 'utf8')
    const pattern = file.endsWith('.md')
      ? /```(?:graphql|gql)\n([^`]+)```/g
      : /[`'"]((?:query|mutation|\{)[^`'"]+)[`'"]/g
    return [...text.matchAll(pattern)].map(([, inner]) => inner ?? '')
  })
  return [...new Set(found)].filter(isOurs)
}

function filesIn(path: string): readonly string[] {
  if (path.endsWith('.md')) return [path]
  return readdirSync(`${root}${path}`, { recursive: true, withFileTypes: true }).flatMap(
    (entry) => {
      const inside = entry.parentPath.slice(root.length)
      const isSource =
        /\.(ts|md)$/.test(entry.name) && !/(^|\/)(dist|node_modules)(\/|$)/.test(inside)
      return entry.isFile() && isSource ? [`${inside}/${entry.name}`] : []
    },
  )
}

function isOurs(text: string): boolean {
  try {
    const document = parse(text)
    const [definition, ...others] = document.definitions.filter(
      ({ kind }) => kind === Kind.OPERATION_DEFINITION,
    )
    if (definition?.kind !== Kind.OPERATION_DEFINITION || others.length > 0) return false
    if (definition.operation === OperationTypeNode.SUBSCRIPTION) return false
    return validate(apiSchema, document).length === 0
  } catch {
    return false
  }
}

/** Everything below a root field, down to some depth; types are not entered twice on the way. */
function whole(operation: 'query' | 'mutation', field: GraphQLField<unknown, unknown>): string {
  const declared: string[] = []
  const selected = withArguments(field, declared, maxDepth, [])
  const variables = declared.length === 0 ? '' : `(${declared.join(', ')})`
  return `${operation} Whole${variables} { ${selected} }`
}

function withArguments(
  field: GraphQLField<unknown, unknown>,
  declared: string[],
  depth: number,
  entered: readonly string[],
): string {
  const type = getNamedType(field.type)
  const inner = isCompositeType(type)
    ? selection(type, declared, depth - 1, [...entered, type.name])
    : ''
  const given = field.args
    .filter((argument) => isNonNullType(argument.type) && argument.defaultValue === undefined)
    .map((argument) => {
      const name = `v${declared.length}`
      declared.push(`$${name}: ${String(argument.type)}`)
      return `${argument.name}: $${name}`
    })
  return `${field.name}${given.length === 0 ? '' : `(${given.join(', ')})`} ${inner}`
}

function selection(
  type: GraphQLNamedType,
  declared: string[],
  depth: number,
  entered: readonly string[],
): string {
  const fields = ['__typename']
  if (isObjectType(type) || 'getFields' in type) {
    const own = isObjectType(type) ? Object.values(type.getFields()) : []
    for (const field of own) {
      const named = getNamedType(field.type)
      if (isCompositeType(named) && (depth <= 0 || entered.includes(named.name))) continue
      fields.push(withArguments(field, declared, depth, entered))
    }
  }
  if (!isObjectType(type) && isCompositeType(type)) {
    for (const possible of apiSchema.getPossibleTypes(type)) {
      // What two types have under one name need not be of one type: each is asked apart.
      const { name } = possible
      if (entered.includes(name)) continue
      fields.push(`... on ${name} { __typename }`)
    }
  }
  return `{ ${fields.join(' ')} }`
}

function variablesFor(document: DocumentNode): Record<string, unknown> {
  const [definition] = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION)
  const declared =
    definition?.kind === Kind.OPERATION_DEFINITION ? (definition.variableDefinitions ?? []) : []
  return Object.fromEntries(
    declared.map(({ variable, type }) => {
      const found = typeFromAST(apiSchema, type as NamedTypeNode)
      return [variable.name.value, some(found as GraphQLInputType)]
    }),
  )
}

/** Some value of an input type. */
function some(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return some(type.ofType)
  if (isListType(type)) return [some(type.ofType)]
  if (isEnumType(type)) return type.getValues()[0]?.name
  if (isInputObjectType(type)) {
    const required = Object.values(type.getFields()).filter((field) => isNonNullType(field.type))
    const chosen = type.isOneOf ? Object.values(type.getFields()).slice(0, 1) : required
    return Object.fromEntries(chosen.map((field) => [field.name, some(field.type)]))
  }
  if (type.name === 'Int' || type.name === 'Float') return 1
  return type.name === 'Boolean' ? true : 'text'
}
