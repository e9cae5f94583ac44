import { describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import type { CanvasCommand } from '@heirloom/persistence'
import type { NewStreamEvent } from '../stream-event.js'
import { tellCommands } from './tell-commands.js'

function command(revision: number, text = ''): CanvasCommand {
  return {
    canvasId: 'tree',
    revision,
    idempotencyKey: `k${revision}`,
    type: 'draw',
    payload: { text },
    actorId: 'user:ada',
    appendedAt: new Date(0),
  }
}

/** A stream that takes so many events, of so many bytes, at once. */
async function toldTo(
  limits: { readonly maxEvents: number; readonly maxBytes: number },
  commands: readonly CanvasCommand[],
): Promise<readonly NewStreamEvent[]> {
  const taken: NewStreamEvent[] = []
  const append = (_: string, events: readonly NewStreamEvent[]): Promise<never[]> => {
    const bytes = JSON.stringify(events).length
    if (events.length > limits.maxEvents || bytes > limits.maxBytes) {
      return Promise.reject(new AppError('PAYLOAD_TOO_LARGE', 'too much'))
    }
    taken.push(...events)
    return Promise.resolve([])
  }
  await tellCommands({ append }, 'canvas/default/tree', commands)
  return taken
}

describe('telling of commands', () => {
  it.each([1, 2, 3, 7, 40])('goes in parts of at most %i, in order', async (maxEvents) => {
    const commands = Array.from({ length: 40 }, (_, index) => command(index + 1))
    const taken = await toldTo({ maxEvents, maxBytes: 100_000 }, commands)
    expect(taken.map(({ id }) => id)).toEqual(commands.map(({ revision }) => `rev-${revision}`))
  })

  it('leaves out the payload that no stream would take, and tells of the command', async () => {
    const commands = [command(1), command(2, 'x'.repeat(2_000)), command(3)]
    const taken = await toldTo({ maxEvents: 10, maxBytes: 1_000 }, commands)
    expect(taken.map(({ id, data }) => [id, data])).toMatchObject([
      ['rev-1', { payload: { text: '' } }],
      ['rev-2', { payload: null, is_payload_omitted: true, revision: 2 }],
      ['rev-3', { payload: { text: '' } }],
    ])
  })

  it('passes on what is no matter of size', async () => {
    const append = (): Promise<never> => Promise.reject(new AppError('TIMEOUT', 'slow'))
    await expect(tellCommands({ append }, 's', [command(1), command(2)])).rejects.toMatchObject({
      code: 'TIMEOUT',
    })
  })
})
