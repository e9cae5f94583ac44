import { describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import { testTenant } from '@heirloom/testkit'
import type { NewStreamEvent } from '../domain/stream-event.js'
import { createGroupedAppender } from './grouped-appender.js'

const { tenantId } = testTenant()

function event(id: string): NewStreamEvent {
  return { id, type: 'Told', occurredAt: new Date(0), actorId: null, data: {} }
}

/** Records what goes out together; refuses groups that contain a bad event. */
function recorder(refusal?: AppError) {
  const groups: string[][] = []
  const appender = createGroupedAppender(async (_tenant, streamId, events) => {
    groups.push(events.map(({ id }) => `${streamId}/${id}`))
    await Promise.resolve()
    if (refusal !== undefined && events.some(({ id }) => id === 'bad')) throw refusal
  })
  return {
    groups,
    append: (id: string, stream = 's') => appender.append(tenantId, stream, event(id)),
  }
}

describe('the grouped appender', () => {
  it('sends out together, and in order, what came while an append was under way', async () => {
    const { groups, append } = recorder()
    await Promise.all(['a', 'b', 'c'].map((id) => append(id)))
    expect(groups).toEqual([['s/a'], ['s/b', 's/c']])
    await append('d')
    expect(groups.at(-1)).toEqual(['s/d'])
  })

  it('does not let one stream wait for another', async () => {
    const { groups, append } = recorder()
    await Promise.all([append('a', 'one'), append('b', 'two'), append('c', 'one')])
    expect(groups).toEqual([['one/a'], ['two/b'], ['one/c']])
  })

  it('tries each event of a refused group alone, so that only the bad one fails', async () => {
    const refusal = new AppError('INVALID_INPUT', 'cannot be kept')
    const { append } = recorder(refusal)
    const outcomes = await Promise.allSettled(['a', 'b', 'bad', 'c'].map((id) => append(id)))
    expect(outcomes.map(({ status }) => status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'fulfilled',
    ])
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
