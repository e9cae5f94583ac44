import type { Actor, ActorId } from '@heirloom/tenancy'

/** Somebody who acted in the tenant, as the last verified token named them. */
export interface User {
  readonly id: ActorId
  readonly displayName: string
}

/** A token without a name still names an actor: the id stands in. */
export function userOf(actor: Actor): User {
  return { id: actor.id, displayName: actor.name ?? actor.id }
}
