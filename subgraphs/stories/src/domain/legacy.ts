import type { ActorId } from '@heirloom/tenancy'
import type { LegacyId } from './ids.js'

/** A body of memory about a family, a person or a place. */
export interface Legacy {
  readonly id: LegacyId
  readonly slug: string
  readonly title: string
  readonly description: string | null
  readonly createdBy: ActorId
  readonly createdAt: Date
}
