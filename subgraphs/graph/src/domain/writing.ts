import type { NewId } from '@heirloom/tenancy'
import type { StoryDirectory } from './people-reader.js'
import type { GraphAdapter } from './ports.js'

/** What every use case that writes is given: all of it bound to the caller. */
export interface Writing {
  readonly graph: GraphAdapter
  readonly stories: StoryDirectory
  readonly newId: NewId
  /** @throws AppError FORBIDDEN unless the caller may write the people of this legacy */
  requireWrite(legacyId: string): void
  /** @throws AppError FORBIDDEN unless the caller may import into this legacy */
  requireImport(legacyId: string): void
}
