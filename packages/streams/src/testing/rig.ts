import { AppError } from '@heirloom/errors'
import { tenantId } from '@heirloom/tenancy'
import { createCursorCodec, type StreamCursors } from '../cursor.js'
import type { LogEvent } from '../event-log.js'
import type { Following } from '../follower.js'
import type { StreamLimits } from '../limits.js'
import type { FollowedLog } from '../stream-reader.js'
import { createStreamReaders, type StreamReaders } from '../stream-readers.js'
import { createScriptedLog, type ScriptedLog } from './scripted-log.js'

// So long that a test which waits for it fails by its own timeout.
export const never = 3_600_000

export const away = new AppError('BACKEND_UNAVAILABLE', 'the log is away')

/** Readers over one log in memory, with a clock that stands still until it is moved. */
export interface ReadersRig {
  readonly log: ScriptedLog
  readonly followed: FollowedLog<LogEvent>
  readonly cursors: StreamCursors
  readonly readers: StreamReaders<LogEvent>
  /** After the position, or from now on. */
  readonly follow: (after?: number, expiresAtMs?: number) => Promise<Following<LogEvent>>
  readonly pass: (ms: number) => void
}

const name = { tenantId: tenantId('t_one'), streamId: 's' }

export function startReaders(limits: Partial<StreamLimits> = {}): ReadersRig {
  const log = createScriptedLog()
  const cursors = createCursorCodec([{ kid: 'k', secret: Buffer.alloc(32, 1) }]).for(
    name.tenantId,
    name.streamId,
  )
  let nowMs = 0
  const readers = createStreamReaders<LogEvent>({
    limits: { pollIntervalMs: never, sweepMs: never, lingerMs: never, ...limits },
    now: () => nowMs,
  })
  const followed = { log, cursors, sizeOf: () => 1 }
  return {
    log,
    followed,
    cursors,
    readers,
    follow: async (after, expiresAtMs = Infinity) => {
      const cursor = after === undefined ? null : cursors.encode(after)
      const { following } = await readers.follow(name, followed, { after: cursor, expiresAtMs })
      return following
    },
    pass: (ms) => {
      nowMs += ms
      readers.sweep()
    },
  }
}

/** The positions of the next events, as many as wanted or until it ends. */
export async function take(
  following: Following<LogEvent>,
  count: number,
): Promise<readonly number[]> {
  const taken: number[] = []
  while (taken.length < count) {
    const events = await following.nextBatch(count - taken.length)
    if (events === undefined) break
    taken.push(...events.map((event) => event.position))
  }
  return taken
}
