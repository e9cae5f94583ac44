import { describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import { testLogger } from '@heirloom/testkit'
import { resumed, type ResumeLimits } from './resume.js'
import { UpstreamBroken, UpstreamRefused, type UpstreamEvent } from './upstream.js'

type Act = string | Error

function event(cursor: string): UpstreamEvent {
  return { data: { cursor } }
}

/** Opens one script after the other; remembers from where each was opened. */
function scripted(
  scripts: readonly (readonly Act[])[],
  after?: string,
  limits?: ResumeLimits,
  reopen: boolean[] = [],
  msPerOpening?: number,
) {
  const openedAt: (string | undefined)[] = []
  const controller = new AbortController()
  const results = resumed(
    {
      after,
      open: async function* (position) {
        const script = scripts[openedAt.length] ?? []
        openedAt.push(position)
        await Promise.resolve()
        for (const act of script) {
          if (act instanceof Error) throw act
          yield event(act)
        }
      },
      positionAfter: ({ data }: UpstreamEvent) =>
        typeof data?.['cursor'] === 'string' ? data['cursor'] : undefined,
      opensAgain: () => reopen.shift() ?? false,
      limits: limits ?? { connectMs: 1_000, outageMs: 1_000 },
      logger: testLogger(),
      now: () => (msPerOpening === undefined ? Date.now() : openedAt.length * msPerOpening),
    },
    controller.signal,
  )
  return { results, openedAt, controller }
}

async function collect(results: AsyncIterable<UpstreamEvent>): Promise<unknown[]> {
  const taken: unknown[] = []
  for await (const { data } of results) taken.push(data?.['cursor'])
  return taken
}

const broken = new UpstreamBroken('broke', true)
const unconnected = new UpstreamBroken('refused', false)
const refused = (code: 'BACKEND_UNAVAILABLE' | 'CURSOR_EXPIRED' | 'ROUTE_NOT_CONFIGURED') =>
  new UpstreamRefused(new AppError(code, 'refused'))
/** What a subgraph says when a subscription has lived for as long as its rights were good. */
const livedOut = new UpstreamRefused(
  new AppError('TOKEN_EXPIRED', 'go on', { details: { cursor: '0' } }),
)

describe('a subscription that breaks', () => {
  it('is opened again from the last event that was handed out', async () => {
    const { results, openedAt } = scripted([['1', '2', broken], [broken], ['3'], []], '0')
    expect(await collect(results)).toEqual(['1', '2', '3'])
    expect(openedAt).toEqual(['0', '2', '2'])
  })

  it('goes on after what will pass by itself, once it had begun', async () => {
    const { results, openedAt } = scripted([['1', refused('BACKEND_UNAVAILABLE')], ['2']], '0')
    expect(await collect(results)).toEqual(['1', '2'])
    expect(openedAt).toEqual(['0', '1'])
  })

  it('goes on when its time at the subgraph is over, however quiet and however often', async () => {
    const limits = { connectMs: 1_000, outageMs: 1_000 }
    const quiet = [[livedOut], [livedOut], [livedOut], ['1', livedOut], ['2']]
    const { results, openedAt } = scripted(quiet, '0', limits, [], 600_000)
    expect(await collect(results)).toEqual(['1', '2'])
    expect(openedAt).toEqual(['0', '0', '0', '0', '1'])
  })

  it('says at once what will not pass, and what stands in the way of its beginning', async () => {
    for (const code of ['CURSOR_EXPIRED', 'ROUTE_NOT_CONFIGURED'] as const) {
      const { results, openedAt } = scripted([[refused(code)], ['1']], '0')
      await expect(collect(results)).rejects.toMatchObject({ code })
      expect(openedAt).toHaveLength(1)
    }
    const { results } = scripted([['1', refused('CURSOR_EXPIRED')], ['2']], '0')
    await expect(collect(results)).rejects.toMatchObject({ code: 'CURSOR_EXPIRED', details: {} })
  })

  it('waits for a first connection, but never restarts from now what may have begun', async () => {
    expect(await collect(scripted([[unconnected], [unconnected], ['1']]).results)).toEqual(['1'])
    const { results, openedAt } = scripted([[broken], ['1']])
    await expect(collect(results)).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' })
    expect(openedAt).toHaveLength(1)
  })

  it('gives up in the end', async () => {
    const scripts = [['1', broken], ...Array.from({ length: 50 }, () => [unconnected])]
    const { results } = scripted(scripts, '0', { connectMs: 0, outageMs: 150 })
    await expect(collect(results)).rejects.toMatchObject({
      code: 'SUBGRAPH_UNAVAILABLE',
      retryable: true,
    })
  })

  it('is opened again from its last event when that is asked for, and else ends', async () => {
    const { results, openedAt } = scripted([['1'], ['2'], ['3']], '0', undefined, [true, true])
    expect(await collect(results)).toEqual(['1', '2', '3'])
    expect(openedAt).toEqual(['0', '1', '2'])
  })

  it('stops waiting when nobody listens any more', async () => {
    const { results, controller } = scripted([[unconnected]], '0', {
      connectMs: 60_000,
      outageMs: 0,
    })
    const ended = collect(results)
    controller.abort()
    expect(await ended).toEqual([])
  })
})
