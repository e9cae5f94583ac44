import { describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import { testTenant } from '@heirloom/testkit'
import type { NewStreamEvent, StreamEvent } from '../domain/stream-event.js'
import { createGroupedAppender } from './grouped-appender.js'

const { tenantId } = testTenant()
const other = testTenant().tenantId

function event(id: string): NewStreamEvent {
  return { id, type: 'Told', occurredAt: new Date(0), actorId: null, data: {} }
}

/** Records what goes out together; refuses groups that contain a bad event. */
function recorder(refusal?: AppError, maxEvents = 100) {
  const groups: string[][] = []
  const appender = createGroupedAppender({
    append: async (tenant, streamId, events) => {
      const stored = events.map((one, position) => ({ ...one, position, appendedAt: new Date(0) }))
      groups.push(events.map(({ id }) => `${tenant === other ? 'other ' : ''}${streamId}/${id}`))
      await Promise.resolve()
      if (refusal !== undefined && events.some(({ id }) => id === 'bad')) throw refusal
      return stored
    },
    maxEvents: () => maxEvents,
  })
  const append = (ids: string, stream = 's', tenant = tenantId): Promise<readonly StreamEvent[]> =>
    appender.append(tenant, stream, ids.split(' ').map(event))
  return { groups, append }
}

describe('the grouped appender', () => {
  it('sends out together, and in order, what came while an append was under way', async () => {
    const { groups, append } = recorder()
    await Promise.all(['a', 'b', 'c'].map((id) => append(id)))
    expect(groups).toEqual([['s/a'], ['s/b', 's/c']])
    await append('d')
    expect(groups.at(-1)).toEqual(['s/d'])
  })

  it('answers each with the events of its own', async () => {
    const { append } = recorder()
    const stored = await Promise.all(['a', 'b c', 'd', 'e f g'].map((some) => append(some)))
    expect(stored.map((events) => events.map(({ id }) => id).join(' '))).toEqual([
      'a',
      'b c',
      'd',
      'e f g',
    ])
  })

  it('sends no more at once than the backend takes, and never parts what came together', async () => {
    const { groups, append } = recorder(undefined, 3)
    await Promise.all(['a', 'b c', 'd e', 'f', 'g h i j', 'k'].map((some) => append(some)))
    expect(groups).toEqual([
      ['s/a'],
      ['s/b', 's/c'],
      ['s/d', 's/e', 's/f'],
      ['s/g', 's/h', 's/i', 's/j'],
      ['s/k'],
    ])
  })

  it('does not let one stream, or one tenant, wait for another', async () => {
    const { groups, append } = recorder()
    await Promise.all([
      append('a', 'one'),
      append('b', 'two'),
      append('c', 'one', other),
      append('d', 'one'),
    ])
    expect(groups).toEqual([['one/a'], ['two/b'], ['other one/c'], ['one/d']])
  })

  it('tries each append of a refused group alone, so that only the bad one fails', async () => {
    const refusal = new AppError('INVALID_INPUT', 'cannot be kept')
    const { append, groups } = recorder(refusal)
    const all = ['a', 'b c', 'bad d', 'e'].map((some) => append(some))
    const outcomes = await Promise.allSettled(all)
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
    expect(groups.slice(-3)).toEqual([['s/b', 's/c'], ['s/bad', 's/d'], ['s/e']])
  })

  it('tells all of a group when the store is away, without trying one by one', async () => {
    const { groups, append } = recorder(new AppError('BACKEND_UNAVAILABLE', 'away'))
    const outcomes = await Promise.allSettled(['a', 'b', 'bad'].map((id) => append(id)))
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(groups).toHaveLength(2)
  })

  it('goes on after a failure', async () => {
    const { append } = recorder(new AppError('INVALID_INPUT', 'cannot be kept'))
    await expect(append('bad')).rejects.toThrow('cannot be kept')
    await append('a')
  })
})
