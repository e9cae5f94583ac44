import type { SocketConnection } from './socket-connection.js'

export const defaultHeartbeatMs = 15_000
/** Sockets are asked in turns, so that ten thousand of them are no burst. */
const turns = 10

export interface Heartbeat {
  watch(connection: SocketConnection): void
  stop(): void
}

/**
 * Asks every socket once in `everyMs` whether somebody is there, and ends the one from which
 * nothing came since it was asked last: no pong, no message, no byte taken.
 */
export function startHeartbeat(everyMs: number): Heartbeat {
  const groups = Array.from({ length: turns }, () => new Set<SocketConnection>())
  let next = 0
  let turn = 0

  const timer = setInterval(() => {
    turn = (turn + 1) % turns
    for (const connection of groups[turn] ?? []) {
      if (!connection.isHeard) connection.terminate()
      connection.isHeard = false
      connection.ping()
    }
  }, everyMs / turns)
  timer.unref()

  return {
    watch: (connection) => {
      const group = groups[(next += 1) % turns]
      group?.add(connection)
      connection.onceClosed(() => group?.delete(connection))
    },
    stop: () => clearInterval(timer),
  }
}
