import { joinKey, keyPrefix, paddedNumber } from '../keys.js'
import type { StreamPosition } from './event-stream-types.js'

// 16 digits of microseconds last until the year 2286.
const positionDigits = 16

export const headKey = 'head'
export const eventPrefix = keyPrefix('event')
export const streamPrefix = keyPrefix('stream')

export function streamPartition(streamId: string): string {
  return joinKey('stream', streamId)
}

export function eventKey(position: StreamPosition, eventId: string): string {
  return joinKey('event', paddedNumber(position, positionDigits), eventId)
}

export function markerKey(eventId: string): string {
  return joinKey('id', eventId)
}

/** Sorts after every event with this position and before every later one: `$` follows `#`. */
export function eventAfter(position: StreamPosition): string {
  return `${joinKey('event', paddedNumber(position, positionDigits))}$`
}
