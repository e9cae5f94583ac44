import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { OperationTypeNode, type GraphQLSchema } from 'graphql'
import { AppError, toAppError } from '@heirloom/errors'
import type { Logger } from '@heirloom/telemetry'
import type { Access, AskAs } from '../access.js'
import { isObject } from '../federation/json.js'
import type { OperationPolicy } from '../federation/operation-policy.js'
import type { OperationRequest, Operations } from '../federation/operations.js'
import type { ServedSupergraph } from '../federation/served-supergraph.js'
import { operationOf } from '../http/graphql-request.js'
import { idsOf } from '../http/request-ids.js'
import { chargeOperation } from '../guard/charge-operation.js'
import type { ReadOperation } from '../guard/documents.js'
import type { Charged, RateLimits } from '../guard/rate-limits.js'
import type { Admission } from './admission.js'
import { EventStream } from './event-stream.js'
import type { Hub } from './hub.js'

export interface EventStreamDeps {
  /** What new operations run on at this moment. */
  readonly served: () => Pick<ServedSupergraph, 'supergraph' | 'documents'>
  readonly access: Pick<Access, 'admitStream'>
  readonly operations: Pick<Operations, 'run'>
  readonly hub: Pick<Hub, 'follow'>
  readonly admission: Admission
  readonly rateLimits: RateLimits
  readonly policy: Pick<OperationPolicy, 'formatErrors'>
  readonly heartbeatMs: number
  readonly logger: Logger
}

export interface EventStreams {
  readonly size: number
  /** Lets nobody in any more, and makes everybody connect again. */
  close(): void
}

interface Admitted {
  readonly stream: EventStream
  readonly askAs: AskAs
}

const path = '/graphql/stream'

/**
 * Operations whose results come as server-sent events: by POST as to /graphql, or by GET, which is
 * all that a browser's EventSource can do; by GET only what reads.
 */
export function serveEventStreams(app: FastifyInstance, deps: EventStreamDeps): EventStreams {
  const { logger, access, admission, policy } = deps
  const admitted = new WeakMap<FastifyRequest, Admitted>()
  const open = new Set<EventStream>()
  let isLeaving = false

  const heartbeat = setInterval(() => {
    for (const stream of open) stream.beat()
  }, deps.heartbeatMs)
  heartbeat.unref()

  /** Before the body is read: who may not ask is not listened to. */
  async function admit(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (isLeaving) throw new AppError('BACKEND_UNAVAILABLE', 'going away; connect again')
    const stream = new EventStream(reply.raw, policy.formatErrors(request.id, logger))
    const askAs = await access.admitStream({ request, watched: stream })
    const { who } = askAs(idsOf(request))
    await deps.rateLimits.asked(who)
    const release = admission.connect(who)
    if (stream.isOpen) stream.onceClosed(release)
    else release()
    admitted.set(request, { stream, askAs })
  }

  async function serve(
    request: FastifyRequest,
    reply: FastifyReply,
    asked: OperationRequest,
  ): Promise<void> {
    const given = admitted.get(request)
    if (given === undefined) throw new Error('unreachable: the hook has set it')
    const { stream, askAs } = given
    const asker = askAs(idsOf(request))
    const charge = (charged: Charged) => deps.rateLimits.charged(asker.who, charged)
    const { supergraph, documents } = deps.served()
    const schema = supergraph.apiSchema
    const read = documents.read(asked)
    const operation = 'id' in read ? read.definition.operation : undefined
    if (operation === OperationTypeNode.MUTATION && request.method === 'GET') {
      throw new AppError('METHOD_NOT_ALLOWED', 'send mutations with POST')
    }
    const isFollowed = operation === OperationTypeNode.SUBSCRIPTION
    // What runs queries and mutations charges them itself.
    const charged =
      'id' in read && isFollowed
        ? chargeOperation(schema, read, { variables: asked.variables, charge })
        : {}
    await charged.taken
    const format = policy.formatErrors(request.id, logger)
    reply.hijack()
    stream.open(reply.getHeaders())
    open.add(stream)
    stream.onceClosed(() => open.delete(stream))
    try {
      if (!('id' in read)) stream.fail(read.map(format))
      else if (charged.refusal !== undefined) stream.fail([format(charged.refusal)])
      else if (isFollowed) follow(request, asked, read, schema, given)
      else {
        const { result } = await deps.operations.run({ ...asked, charge }, asker.createCaller())
        stream.give({ json: Buffer.from(JSON.stringify(result)), cursor: undefined })
        stream.end()
      }
    } catch (error) {
      stream.end(toAppError(error))
    }
  }

  function follow(
    request: FastifyRequest,
    asked: OperationRequest,
    { document }: ReadOperation,
    schema: GraphQLSchema,
    { stream, askAs }: Admitted,
  ): void {
    const asker = askAs(idsOf(request))
    const release = admission.subscribe(asker.who)
    if (stream.isOpen) stream.onceClosed(release)
    else return release()
    const lastEventId = request.headers['last-event-id']
    const wanted = {
      document,
      operationName: asked.operationName,
      variables: asked.variables ?? {},
      lastEventId: typeof lastEventId === 'string' && lastEventId !== '' ? lastEventId : undefined,
      schema,
    }
    const followed = deps.hub.follow(wanted, asker, stream)
    if ('errors' in followed) {
      stream.fail(followed.errors.map(policy.formatErrors(request.id, logger)))
    } else {
      stream.onceClosed(() => followed.stop())
    }
  }

  app.post(path, {
    onRequest: admit,
    handler: (request, reply) => serve(request, reply, operationOf(request.body)),
  })
  app.get(path, {
    onRequest: admit,
    handler: (request, reply) => serve(request, reply, operationOf(fromAddress(request.query))),
  })

  return {
    get size() {
      return open.size
    },
    close: () => {
      isLeaving = true
      clearInterval(heartbeat)
      for (const stream of open) stream.leave()
    },
  }
}

/** https://graphql.github.io/graphql-over-http: the parameters of a GET. */
function fromAddress(query: unknown): unknown {
  if (!isObject(query)) return query
  const { variables, extensions } = query
  return {
    ...query,
    variables: parsedJson('variables', variables),
    extensions: parsedJson('extensions', extensions),
  }
}

function parsedJson(name: string, text: unknown): unknown {
  if (typeof text !== 'string') return text
  try {
    return JSON.parse(text) as unknown
  } catch (cause) {
    throw new AppError('INVALID_INPUT', `"${name}" must be a JSON object`, { cause })
  }
}
