import {
  getNamedType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  type GraphQLSchema,
} from 'graphql'
import { argumentsOf, type Endpoint } from './endpoints.js'
import {
  componentSchemas,
  described,
  inputObject,
  jsonSchema,
  type JsonSchema,
} from './json-schema.js'
import { contentOf, inputOf, nodeTypeOf, payloadOf, type Field } from './names.js'

/** https://spec.openapis.org/oas/v3.1.1 */
export function openApiDocument(
  schema: GraphQLSchema,
  endpoints: readonly Endpoint[],
  server: string,
): JsonSchema {
  const paths: Record<string, Record<string, JsonSchema>> = {}
  const named = new Set<Field>()
  for (const endpoint of endpoints) {
    const path = (paths[endpoint.path] ??= {})
    path[endpoint.method.toLowerCase()] = operation(endpoint, named.has(endpoint.field))
    named.add(endpoint.field)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Heirloom',
      version: '1',
      description: 'The GraphQL schema by REST. Every request runs as one GraphQL operation.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: server }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
      schemas: { ...componentSchemas(schema), Error: errorSchema },
    },
  }
}

const errorSchema: JsonSchema = {
  type: 'object',
  properties: {
    error: {
      type: 'object',
      properties: {
        message: { type: 'string' },
        code: { type: 'string' },
        http_status: { type: 'integer' },
        retryable: { type: 'boolean' },
        request_id: { type: 'string' },
        details: { type: 'object' },
      },
      required: ['message', 'code', 'http_status', 'retryable', 'request_id', 'details'],
    },
  },
  required: ['error'],
}
const json = (schema: JsonSchema): JsonSchema => ({ 'application/json': { schema } })
const failure: JsonSchema = {
  description: 'Refused or failed; the code says why.',
  content: json({ $ref: '#/components/schemas/Error' }),
}

/** `isSecond`: the field has another address already, by the id of what it finds. */
function operation(endpoint: Endpoint, isSecond: boolean): JsonSchema {
  const { field, path, method } = endpoint
  const [, tag = ''] = path.split('/')
  const body = method === 'POST' || method === 'PATCH' ? requestBody(endpoint) : undefined
  return {
    operationId: isSecond ? `find_${field.name}` : field.name,
    tags: [tag],
    ...described(field),
    parameters: parameters(endpoint),
    ...(body === undefined ? {} : { requestBody: body }),
    responses: { ...success(endpoint), '4XX': failure, '5XX': failure },
  }
}

function parameters(endpoint: Endpoint): readonly JsonSchema[] {
  const { field, kind, method, path } = endpoint
  const inputs = inputsOf(endpoint)
  const hasId = path.includes('{id}')
  const fromAddress =
    kind === 'query'
      ? argumentsOf(endpoint).map((one) => inQuery(one, isRequiredArgument(one)))
      : inputs
          .filter(({ name }) => method === 'DELETE' && name !== 'idempotencyKey')
          .map((one) => inQuery(one, isRequiredInputField(one)))
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
  return [
    ...(hasId ? [id] : []),
    ...fromAddress.filter(({ name }) => !(hasId && name === 'id')),
    ...(isObjectType(getNamedType(field.type)) || payloadOf(field.type) ? [fieldsParameter] : []),
    ...(kind === 'query' ? [ifNoneMatch] : []),
    ...(kind === 'mutation' && inputs.some(({ name }) => name === 'idempotencyKey')
      ? [idempotencyKey]
      : []),
  ]
}

const fieldsParameter = {
  name: 'fields',
  in: 'query',
  description: 'What to answer, for example id,title,author.name.',
  schema: { type: 'string' },
}
const ifNoneMatch = {
  name: 'If-None-Match',
  in: 'header',
  description: 'The ETag of what the client has: 304 when it is still so.',
  schema: { type: 'string' },
}
const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'Repeating a request with the same key changes nothing and gets the first answer.',
  schema: { type: 'string', maxLength: 128 },
}

function inQuery(
  one: { name: string; description?: string | null | undefined; type: GraphQLInputType },
  required: boolean,
) {
  return { name: one.name, in: 'query', required, schema: jsonSchema(one.type), ...described(one) }
}

function inputsOf({ field }: Endpoint): readonly (GraphQLInputField | GraphQLArgument)[] {
  return Object.values(inputOf(field)?.getFields() ?? field.args)
}

function requestBody(endpoint: Endpoint): JsonSchema | undefined {
  const inputs = inputsOf(endpoint)
  if (inputs.length === 0) return undefined
  const inPath = (name: string) => name === 'id' && endpoint.path.includes('{id}')
  const left = inputs.filter(({ name }) => name !== 'idempotencyKey' && !inPath(name))
  return { required: left.some(isRequiredInputField), content: json(inputObject(left)) }
}

function success(endpoint: Endpoint): JsonSchema {
  const { creates, kind, method } = endpoint
  if (method === 'DELETE') return { 204: { description: 'Done.' } }
  const headers = {
    ...(kind === 'query' ? { ETag: { schema: { type: 'string' } } } : {}),
    ...(nodeTypeOf(endpoint.field.type) ? { Link: { schema: { type: 'string' } } } : {}),
    ...(creates ? { Location: { schema: { type: 'string' } } } : {}),
  }
  const answer = { description: 'Done.', headers, content: json(answerSchema(endpoint)) }
  if (kind === 'mutation') return { [creates ? 201 : 200]: answer }
  return { 200: answer, 304: { description: 'Still as the client has it.' } }
}

function answerSchema({ field, kind }: Endpoint): JsonSchema {
  const node = nodeTypeOf(field.type)
  if (node !== undefined) {
    return {
      type: 'object',
      properties: {
        items: { type: 'array', items: jsonSchema(node) },
        pageInfo: { $ref: '#/components/schemas/PageInfo' },
      },
    }
  }
  const payload = kind === 'mutation' ? payloadOf(field.type) : undefined
  if (payload !== undefined) {
    const content = contentOf(payload)
    const named = getNamedType(content?.type ?? payload)
    return { $ref: `#/components/schemas/${named.name}` }
  }
  if (isObjectType(getNamedType(field.type))) return jsonSchema(field.type)
  return { type: 'object', properties: { value: jsonSchema(field.type) } }
}
