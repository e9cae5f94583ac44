import { AppError } from '@heirloom/errors'
import { projectOf, type Scope } from './scope.js'
import type { StreamEvent } from './stream-event.js'
import { streamKind } from './stream-id.js'
import { seesTimelineEvent } from './timeline-visibility.js'

/** What a caller sees of a stream that the caller may read. */
export type Sees = (event: StreamEvent) => boolean

/**
 * Asked at every read, subscription and resume: a cursor is a position, not a permission.
 * @throws AppError FORBIDDEN; NOT_FOUND for the timeline of a legacy that is not the caller's,
 *   and for a canvas of another project
 */
export async function authorizeRead(scope: Scope, streamId: string): Promise<Sees> {
  const { authorizer, tenant } = scope
  const { tenantId } = tenant
  const stream = streamKind(streamId)
  if (stream.kind === 'routing') {
    authorizer.require(tenant, 'route:read', { kind: 'Route', tenantId })
    return () => true
  }
  authorizer.require(tenant, 'stream:read', {
    kind: 'Stream',
    id: streamId,
    tenantId,
    ...(stream.kind === 'timeline' ? { legacyId: stream.legacyId } : {}),
  })
  if (stream.kind === 'plain') return () => true
  if (stream.kind === 'canvas') {
    authorizer.require(tenant, 'canvas:read', { kind: 'Store', tenantId })
    if (stream.projectId === projectOf(tenant)) return () => true
    throw new AppError('NOT_FOUND', 'there is no such canvas in this project')
  }
  await scope.legacies.require(stream.legacyId)
  const { legacyId } = stream
  return (event) => seesTimelineEvent(authorizer, tenant, legacyId, event)
}

/** @throws AppError FORBIDDEN, also for the streams that only the system writes to */
export function authorizeAppend(scope: Scope, streamId: string): void {
  const { tenantId } = scope.tenant
  const resource = { kind: 'Stream', id: streamId, tenantId } as const
  if (streamKind(streamId).kind !== 'plain') {
    throw new AppError('FORBIDDEN', `only the system appends to "${streamId}"`)
  }
  scope.authorizer.require(scope.tenant, 'stream:append', resource)
}
