import type { IncomingMessage } from 'node:http'
import type { Asker, RequestIds } from './federation/subgraph-request.js'
import type { WithSource } from './http/request-source.js'
import type { Watched } from './subscriptions/socket-watch.js'

/** Somebody who has been let in, and what each request of theirs asks as. */
export type AskAs = (ids: RequestIds) => Asker

export interface SocketOpening {
  readonly watched: Watched
  /** The one that was upgraded. */
  readonly request: IncomingMessage
  /** The payload of `connection_init`. */
  readonly params: Readonly<Record<string, unknown>> | undefined
}

export interface StreamOpening {
  readonly watched: Watched
  readonly request: WithSource & { readonly method: string }
}

/**
 * Decides who may ask, and what subgraphs are told of them: the part of a gateway that differs from
 * one installation to the next.
 */
export interface Access {
  /** Before the body is read. @throws AppError that is answered */
  readonly admitRequest: (request: WithSource) => Promise<AskAs>
  /** Before a socket is opened. @throws AppError that is answered */
  readonly assertMayUpgrade: (request: IncomingMessage) => void
  /**
   * Who is at the other end of a socket. From then on the socket is closed as soon as they may ask
   * no longer. @throws AppError that the socket is closed with
   */
  readonly admitSocket: (opening: SocketOpening) => Promise<AskAs>
  /**
   * Likewise for a stream of events, before the body is read. By GET, which pages of other sites
   * can send too, it only ever reads. @throws AppError that is answered
   */
  readonly admitStream: (opening: StreamOpening) => Promise<AskAs>
}
