export {
  createCursorCodec,
  parseCursorKeys,
  type CursorCodec,
  type CursorKey,
  type StreamCursors,
} from './cursor.js'
export type { EventLog, LogEvent, LogPage, Position } from './event-log.js'
export { followedEvents, type FollowedEvents } from './followed-events.js'
export type { Following } from './follower.js'
export { streamLimits, type StreamLimits } from './limits.js'
export { refuseExpired, resumeFrom } from './resume.js'
export { createRing, type Ring, type RingEntry, type RingKey, type RingLimits } from './ring.js'
export type { FollowedLog } from './stream-reader.js'
export {
  createStreamReaders,
  type FollowOptions,
  type StreamName,
  type StreamReaders,
  type StreamReadersOptions,
} from './stream-readers.js'
