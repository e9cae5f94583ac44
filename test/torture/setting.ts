import type { HeirloomClient } from '@heirloom/client'
import { eventually } from '@heirloom/testkit'
import { unkept } from './ledger.js'
import type { Logs } from './logs.js'
import type { Written } from './writers.js'

const tokenLifeMs = 240_000

/** Asks for one when it is first wanted, and again some minutes later. */
export function cachedToken(fetchToken: () => Promise<string>): () => Promise<string> {
  let token: Promise<string> | undefined
  return () => {
    if (token === undefined) {
      token = fetchToken()
      const forget = (): void => (token = undefined)
      token.then(() => setTimeout(forget, tokenLifeMs).unref(), forget)
    }
    return token
  }
}

export async function createLegacy(client: HeirloomClient, seed: number): Promise<string> {
  const { createLegacy: created } = await client.query<{
    createLegacy: { legacy: { id: string } }
  }>('mutation ($input: CreateLegacyInput!) { createLegacy(input: $input) { legacy { id } } }', {
    input: { title: `Torture ${seed}`, slug: `torture-${seed}` },
  })
  return created.legacy.id
}

export interface Start {
  readonly cursor: string
  /** Events that lie before the cursor. */
  readonly before: number
}

/** The present end of a stream, and how much lies before it. */
export async function startOf(
  client: HeirloomClient,
  logs: Logs,
  streamId: string,
): Promise<Start> {
  for (;;) {
    const before = (await logs.all(streamId)).length
    const { streamEnd } = await client.query<{ streamEnd: string }>(
      'query ($streamId: ID!) { streamEnd(streamId: $streamId) }',
      { streamId },
    )
    // The news of the legacy itself is on its way to its timeline.
    if ((await logs.all(streamId)).length === before) return { cursor: streamEnd, before }
  }
}

/** Stories reach the log by outbox, bus and projector, a little after they are acknowledged. */
export async function untilStories(
  written: readonly Written[],
  logs: Logs,
  withinMs: number,
): Promise<void> {
  const stories = written.filter(({ streamId }) => streamId.startsWith('timeline/'))
  await eventually(async () => {
    for (const record of stories) {
      const log = new Map([[record.streamId, await logs.all(record.streamId)]])
      if (unkept([record], log).length > 0) return false
    }
    return true
  }, withinMs).catch(() => undefined)
}
