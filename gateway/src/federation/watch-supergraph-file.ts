import { readFile, stat } from 'node:fs/promises'
import type { Logger } from '@heirloom/telemetry'
import type { Federation } from './federation.js'

// Asks the file rather than the file system's events: those are lost on network mounts, and when
// a file, or the folder behind a symbolic link, is replaced as a whole. A file is read when it has
// stayed as it is from one look to the next, so that one that is being written is left alone; if
// what was read is no supergraph all the same, the next change is awaited.

export interface SupergraphFileWatch {
  /** Resolves when no look is under way any more. */
  stop(): Promise<void>
}

const defaultEveryMs = 400

/** Takes up what is written to a file; the first look is at what is there already. */
export function watchSupergraphFile(
  file: string | URL,
  federation: Pick<Federation, 'replace' | 'current'>,
  { logger, everyMs = defaultEveryMs }: { readonly logger: Logger; readonly everyMs?: number },
): SupergraphFileWatch {
  let seen: string | undefined
  let taken: string | undefined
  let looking: Promise<void> | undefined

  async function look(): Promise<void> {
    const state = await stateOf(file)
    const isSettled = state === seen
    seen = state
    if (!isSettled || state === taken) return
    if (state === undefined) {
      taken = state
      logger.warn({ file: String(file) }, 'the supergraph file is gone; the last one is served on')
      return
    }
    const sdl = await readFile(file, 'utf8')
    if ((await stateOf(file)) !== state) return
    taken = state
    await takeUp(sdl)
  }

  async function takeUp(sdl: string): Promise<void> {
    try {
      if (!(await federation.replace(sdl))) return
      const { id, subgraphs } = federation.current().supergraph
      const names = subgraphs.map(({ name }) => name)
      logger.info({ supergraph: id, subgraphs: names }, 'a new supergraph is served')
    } catch (error) {
      logger.error({ err: error }, 'the new supergraph is refused; the last one is served on')
    }
  }

  const timer = setInterval(() => {
    looking ??= look()
      .catch((error: unknown) => logger.warn({ err: error }, 'the supergraph file was not read'))
      .finally(() => (looking = undefined))
  }, everyMs)
  timer.unref()

  return {
    stop: async () => {
      clearInterval(timer)
      await looking
    },
  }
}

/** Differs whenever the file has been written or replaced; undefined while there is none. */
async function stateOf(file: string | URL): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs } = await stat(file, { bigint: true })
    return `${ino} ${size} ${mtimeNs}`
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}
