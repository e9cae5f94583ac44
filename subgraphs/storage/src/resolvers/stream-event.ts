import { textField, type StreamEvent } from '../domain/stream-event.js'
import type { StreamEventResolvers } from '../generated/resolvers.js'

/** References to entities of other subgraphs, which show them if the caller may see them. */
export const streamEventResolvers: StreamEventResolvers = {
  legacy: (event) => reference(event, 'legacy_id'),
  story: (event) => reference(event, 'story_id'),
  person: (event) => reference(event, 'person_id'),
  media: (event) => reference(event, 'media_id'),
}

function reference(event: StreamEvent, field: string): { readonly id: string } | null {
  const id = textField(event, field)
  return id === null ? null : { id }
}
