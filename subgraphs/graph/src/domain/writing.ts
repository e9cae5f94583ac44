import type { NewId } from '@heirloom/tenancy'
import type { StoryDirectory } from './people-reader.js'
import type { GraphAdapter } from './ports.js'

/** What every use case that writes is given: all of it bound to the caller. */
export interface Writing {
  readonly graph: GraphAdapter
  readonly stories: StoryDirectory
  readonly newId: NewId
  /** @throws AppError FORBIDDEN */
  requireWrite(): void
  /** @throws AppError FORBIDDEN */
  requireImport(): void
}
