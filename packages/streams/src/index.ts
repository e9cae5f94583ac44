export {
  createCursorCodec,
  parseCursorKeys,
  type CursorCodec,
  type CursorKey,
  type StreamCursors,
} from './cursor.js'
export type { EventLog, LogEvent, LogPage, Position } from './event-log.js'
export { refuseExpired, resumeFrom } from './resume.js'
export { createRing, type Ring, type RingEntry, type RingKey, type RingLimits } from './ring.js'
export { tail, type TailOptions } from './tail.js'
