/**
 * Tells streams what canvases could not tell themselves, because the process that appended to them
 * died, or the stream was away (domain/stores/canvas.ts says why nothing is left out).
 *
 * A round reads every note and feeds each canvas once. A note is forgotten here only when it was old
 * before its canvas was fed: a younger one may belong to an append that is still under way, whose
 * command comes later. Assumed: no append takes longer than `graceMs`. Any number of these may run.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { resourceKinds, type RoutedRecords, type StoreScope } from '@heirloom/persistence'
import type { CanvasFeedNotes, NotedCanvas } from '../data/canvas-feed-notes.js'
import type { RoutedEventStreams } from '../data/routed-event-streams.js'
import { projectOf } from '../domain/scope.js'
import { tellCommands } from '../domain/stores/tell-commands.js'
import { canvasStream } from '../domain/stream-id.js'

export interface CanvasFeederOptions {
  readonly notes: CanvasFeedNotes
  readonly records: RoutedRecords
  readonly streams: RoutedEventStreams
  readonly now: () => number
  /** Told once when feeding starts to fail. */
  readonly onError: (error: unknown, canvas: NotedCanvas | null) => void
  readonly pollIntervalMs?: number
  readonly graceMs?: number
}

export interface CanvasFeeder {
  readonly name: string
  start(): Promise<void>
  stop(): Promise<void>
  /** One round. Resolves to how many commands were told of. */
  feedNoted(): Promise<number>
}

const defaultPollIntervalMs = 10_000
const defaultGraceMs = 600_000
/** A feeder reads no user's memory: the scope's other parts do not matter to canvases. */
const noUser: Pick<StoreScope, 'userId' | 'configScope'> = { userId: '', configScope: 'tenant' }

export function createCanvasFeeder(options: CanvasFeederOptions): CanvasFeeder {
  const { notes, records, streams, now, onError } = options
  const { pollIntervalMs = defaultPollIntervalMs, graceMs = defaultGraceMs } = options
  const stopping = new AbortController()
  let failing = false
  let running: Promise<void> = Promise.resolve()

  async function feed({ tenantId, mode, projectId, canvasId }: NotedCanvas): Promise<number> {
    const project = projectId === null ? {} : { projectId }
    const table = records.open({ resourceKind: 'canvas_command_store', tenantId, mode, ...project })
    const scope = { mode, projectId: projectOf(project), ...noUser }
    const store = resourceKinds.canvas_command_store.open(table, scope, { now })
    const streamId = canvasStream(scope.projectId, canvasId)
    return store.feed(canvasId, (commands) =>
      tellCommands(streams.for(tenantId), streamId, commands),
    )
  }

  async function feedNoted(): Promise<number> {
    const oldBefore = now() - graceMs
    const fed = new Map<string, boolean>()
    let told = 0
    for await (const note of notes.all()) {
      if (stopping.signal.aborted) break
      const canvas = JSON.stringify([note.tenantId, note.mode, note.projectId, note.canvasId])
      let isFed = fed.get(canvas)
      if (isFed === undefined) {
        isFed = await feed(note).then(
          (count) => ((told += count), true),
          (error: unknown) => (failed(error, note), false),
        )
        fed.set(canvas, isFed)
      }
      if (isFed && note.notedAt.getTime() < oldBefore) await notes.forget(note)
    }
    if (![...fed.values()].includes(false)) failing = false
    return told
  }

  function failed(error: unknown, canvas: NotedCanvas | null): void {
    if (!failing) onError(error, canvas)
    failing = true
  }

  async function run(): Promise<void> {
    const { signal } = stopping
    while (!signal.aborted) {
      await feedNoted().catch((error: unknown) => failed(error, null))
      await delay(pollIntervalMs, undefined, { signal }).catch(() => undefined)
    }
  }

  return {
    name: 'canvas-feeder',
    start: () => {
      running = run()
      return Promise.resolve()
    },
    stop: async () => {
      stopping.abort()
      await running
    },
    feedNoted,
  }
}
