import { AppError } from '@heirloom/errors'

/** Where changes of routes are announced to the tenant. */
export const routingStream = 'routing'
const timelinePrefix = 'timeline/'
const canvasPrefix = 'canvas/'

// No `#`, no space, nothing that looks like another name but is not.
const streamIdPattern = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,199}$/

export type StreamKind =
  | { readonly kind: 'plain' }
  | { readonly kind: 'routing' }
  | { readonly kind: 'timeline'; readonly legacyId: string }
  | { readonly kind: 'canvas'; readonly projectId: string }

export function timelineOf(legacyId: string): string {
  return timelinePrefix + legacyId
}

/** Neither name contains a `/`. */
export function canvasStream(projectId: string, canvasId: string): string {
  return `${canvasPrefix}${projectId}/${canvasId}`
}

/** @throws AppError INVALID_INPUT for what is no stream id */
export function streamKind(streamId: string): StreamKind {
  if (!streamIdPattern.test(streamId)) {
    throw new AppError(
      'INVALID_INPUT',
      'a stream id has at most 200 letters, digits and . _ : / -, and begins with a letter or digit',
    )
  }
  if (streamId.startsWith(timelinePrefix)) {
    return { kind: 'timeline', legacyId: streamId.slice(timelinePrefix.length) }
  }
  if (streamId.startsWith(canvasPrefix)) {
    return { kind: 'canvas', projectId: streamId.slice(canvasPrefix.length).split('/', 1)[0] ?? '' }
  }
  return streamId.startsWith(routingStream) ? { kind: 'routing' } : { kind: 'plain' }
}
