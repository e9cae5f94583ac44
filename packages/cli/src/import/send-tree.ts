import type { HeirloomClient, HeirloomError } from '@heirloom/client'
import type { TreeRelationship } from '@heirloom/gedcom'
import type { ImportPerson } from './import-people.js'
import { defaultRetry, withRetry, type RetryOptions } from './retry.js'

export interface ImportTotals {
  readonly peopleCreated: number
  readonly peopleUpdated: number
  readonly peopleUnchanged: number
  readonly relationshipsCreated: number
  readonly relationshipsUnchanged: number
}

export interface SendTreeOptions {
  readonly client: HeirloomClient
  readonly legacyId: string
  readonly source: string
  readonly people: readonly ImportPerson[]
  readonly relationships: readonly TreeRelationship[]
  readonly signal: AbortSignal
  readonly onProgress: (done: { readonly people: number; readonly relationships: number }) => void
  readonly onRetry: (error: HeirloomError, delayMs: number) => void
  readonly retry?: RetryOptions
}

/** The largest batches that `importTree` takes. */
export const batchSizes = { people: 1_000, relationships: 4_000 } as const

const document = `mutation ImportTree($input: ImportTreeInput!) {
  importTree(input: $input) {
    peopleCreated peopleUpdated peopleUnchanged relationshipsCreated relationshipsUnchanged
  }
}`

const nothing: ImportTotals = {
  peopleCreated: 0,
  peopleUpdated: 0,
  peopleUnchanged: 0,
  relationshipsCreated: 0,
  relationshipsUnchanged: 0,
}

/**
 * Sends a tree in batches: first all people, then the relationships, whose ends must be there.
 * Each batch is all or nothing, and sending one again changes nothing; so a failure is repeated,
 * and an import that was broken off is completed by calling it again.
 */
export async function sendTree(options: SendTreeOptions): Promise<ImportTotals> {
  const { client, legacyId, source, signal } = options
  let totals = nothing
  const done = { people: 0, relationships: 0 }

  async function send(
    people: readonly ImportPerson[],
    relationships: readonly TreeRelationship[],
  ): Promise<void> {
    const input = {
      legacyId,
      source,
      people,
      relationships: relationships.map(({ kind, from, to }) => ({
        kind,
        fromExternalId: from,
        toExternalId: to,
      })),
    }
    const { importTree } = await withRetry(
      () => client.query<{ importTree: ImportTotals }>(document, { input }, { signal }),
      options.retry ?? defaultRetry,
      signal,
      options.onRetry,
    )
    totals = added(totals, importTree)
    done.people += people.length
    done.relationships += relationships.length
    options.onProgress(done)
  }

  for (const people of batches(options.people, batchSizes.people)) await send(people, [])
  for (const batch of batches(options.relationships, batchSizes.relationships)) {
    await send([], batch)
  }
  return totals
}

function* batches<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}

function added(a: ImportTotals, b: ImportTotals): ImportTotals {
  return {
    peopleCreated: a.peopleCreated + b.peopleCreated,
    peopleUpdated: a.peopleUpdated + b.peopleUpdated,
    peopleUnchanged: a.peopleUnchanged + b.peopleUnchanged,
    relationshipsCreated: a.relationshipsCreated + b.relationshipsCreated,
    relationshipsUnchanged: a.relationshipsUnchanged + b.relationshipsUnchanged,
  }
}
