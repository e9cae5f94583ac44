import { AppError } from '@heirloom/errors'
import type { Backend, RecordTable } from '@heirloom/persistence'

/** A process that dies is, to its backend, one from which nothing comes any more. */
export interface Mortal {
  readonly wrap: (backends: readonly Backend[]) => readonly Backend[]
  /** Dies at the nth write from now: before it takes effect, or after it and before the answer. */
  dieAt(write: number, when: 'before' | 'after'): void
  /** Whether it came to that. */
  isDead(): boolean
  /** As the next process would begin. */
  revive(): void
}

export function createMortal(): Mortal {
  let writesLeft = Infinity
  let dieAfter = false
  let dead = false

  function refuse(): void {
    if (dead) throw new AppError('BACKEND_UNAVAILABLE', 'this process is dead')
  }

  async function written<T>(write: () => Promise<T>): Promise<T> {
    refuse()
    writesLeft -= 1
    const isLast = writesLeft === 0
    if (isLast && !dieAfter) dead = true
    refuse()
    const result = await write()
    if (isLast) dead = true
    refuse()
    return result
  }

  async function read<T>(ask: () => Promise<T>): Promise<T> {
    refuse()
    const result = await ask()
    refuse()
    return result
  }

  function mortalTable(table: RecordTable): RecordTable {
    return {
      ...table,
      get: (...args) => read(() => table.get(...args)),
      getMany: (...args) => read(() => table.getMany(...args)),
      query: (...args) => read(() => table.query(...args)),
      put: (...args) => written(() => table.put(...args)),
      delete: (...args) => written(() => table.delete(...args)),
      transact: (...args) => written(() => table.transact(...args)),
    }
  }

  return {
    wrap: (backends) =>
      backends.map((backend) => ({
        ...backend,
        open: (config) => {
          const open = backend.open(config)
          const { records } = open
          return {
            ...open,
            records: { ...records, for: (...args) => mortalTable(records.for(...args)) },
          }
        },
      })),
    dieAt: (write, when) => {
      writesLeft = write
      dieAfter = when === 'after'
    },
    isDead: () => dead,
    revive: () => {
      writesLeft = Infinity
      dead = false
    },
  }
}
