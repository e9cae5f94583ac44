import type { DocumentTable } from './document-table.js'
import { type Scope } from './ids.js'
import { laterDocument } from './strategy.js'

export interface ReconcileOptions {
  /** Of the progress that was last reported: goes on from there. */
  readonly after?: string
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: ReconcileProgress) => void
  readonly pageSize?: number
}

export interface ReconcileProgress {
  readonly compared: number
  /** What the shadow lacked, or had in an earlier state. */
  readonly repaired: number
  /** What the shadow had and the primary has not, any more or ever. */
  readonly removed: number
  /** Everything up to this position is level. */
  readonly after: string
}

const defaultPageSize = 200
const removing = '~'

/**
 * Brings the shadow of a dual-write level with its primary: first everything that the primary has
 * (tombstones too), then everything that only the shadow has. Writes may go on meanwhile: what they
 * bring is never replaced by something earlier. Can be stopped and repeated at any point.
 */
export async function reconcile(
  primary: DocumentTable,
  shadow: DocumentTable,
  scope: Scope,
  options: ReconcileOptions = {},
  now: () => number = Date.now,
): Promise<ReconcileProgress> {
  const limit = options.pageSize ?? defaultPageSize
  const from = options.after ?? ''
  let progress: ReconcileProgress = { compared: 0, repaired: 0, removed: 0, after: from }

  function report(more: Partial<ReconcileProgress>): void {
    progress = { ...progress, ...more }
    options.onProgress?.(progress)
  }

  if (!from.startsWith(removing)) {
    for (let after = from; ;) {
      options.signal?.throwIfAborted()
      const page = await primary.scan(scope, after, limit)
      let repaired = 0
      for (const document of page) {
        await shadow.change(scope, document.id, (current) => {
          const later = laterDocument(current, document)
          repaired += later === current ? 0 : 1
          return later
        })
      }
      after = page.at(-1)?.id ?? after
      report({
        compared: progress.compared + page.length,
        repaired: progress.repaired + repaired,
        after,
      })
      if (page.length < limit) break
    }
  }

  for (let after = from.startsWith(removing) ? from.slice(removing.length) : ''; ;) {
    options.signal?.throwIfAborted()
    const page = await shadow.scan(scope, after, limit)
    let removed = 0
    for (const { id, deleted } of page) {
      if (deleted || (await primary.read(scope, id)) !== null) continue
      const at = new Date(now())
      await shadow.change(scope, id, (current) => {
        if (current === null) throw new Error('a document of the shadow is gone')
        if (current.deleted) return current
        return { ...current, deleted: true, data: {}, updatedAt: at, expiresAt: at }
      })
      removed += 1
    }
    after = page.at(-1)?.id ?? after
    report({ removed: progress.removed + removed, after: `${removing}${after}` })
    if (page.length < limit) return progress
  }
}
