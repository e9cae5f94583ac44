import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '@heirloom/errors'
import { testTenant } from '@heirloom/testkit'
import type { RecordTable } from '../ports/record-table.js'
import { momentNow, type Moment } from '../routing/lease.js'
import { settled, type Placement } from '../routing/placement.js'
import type { RouteView } from '../routing/registry.js'
import { routeId, type Route, type RouteScope } from '../routing/route.js'
import type { PlacedTable, Placements } from './placed-table.js'
import { createRoutedTable, type RouteSource } from './routed-table.js'
import { createMemoryTable, type MemoryTable } from './testing/memory-table.js'

const { tenantId } = testTenant()
const scope: RouteScope = {
  resourceKind: 'tabular_store',
  tenantId,
  env: 'test',
  modes: [],
  projectId: null,
  surfaceId: null,
}
const longAgo: Moment = { steadyMs: -1e9, wallMs: 0 }

describe('a process that sees the routes late', () => {
  let homes: readonly [MemoryTable, MemoryTable]
  let placement: Placement
  let seen: RouteView
  let confirm: () => Promise<void>
  let listeners: Set<() => void>
  let table: RecordTable

  beforeEach(() => {
    homes = [createMemoryTable(), createMemoryTable()]
    placement = { ...settled, migrationId: 'm', epoch: 1 }
    seen = look()
    listeners = new Set()
    confirm = async () => {
      await Promise.resolve()
      const before = seen
      seen = look()
      if (before.route.placement !== seen.route.placement) for (const heard of listeners) heard()
    }
    const source: RouteSource = {
      view: () => seen,
      confirm: () => confirm(),
      onChange: (changed) => {
        listeners.add(changed)
        return () => void listeners.delete(changed)
      },
      leases: { settledMs: 60_000, movingMs: 60_000 },
    }
    table = createRoutedTable(source, placements(), { resourceKind: 'tabular_store', tenantId })
  })

  /** What the registry says now. */
  function look(): RouteView {
    const route: Route = {
      id: routeId(scope),
      ...scope,
      backendType: 'postgres',
      config: {},
      tier: null,
      costNotes: null,
      updatedAt: new Date(0),
      updatedBy: 'user:1',
      previousBackendType: null,
      switchRationale: null,
      lastSwitchTime: null,
      placement,
    }
    return { route, confirmedAt: momentNow() }
  }

  function placements(): Pick<Placements, 'place'> & Placements {
    const never = (): never => {
      throw new Error('not asked for here')
    }
    return {
      place: (route): PlacedTable => {
        const home = homes[route.placement.home === 0 ? 0 : 1]
        return {
          capabilities: home.capabilities,
          get: (pk, sk) => home.get(pk, sk),
          getMany: (pk, sks) => home.getMany(pk, sks),
          query: (pk, range) => home.query(pk, range),
          transact: (pk, writes) => home.transact(pk, writes),
          onChange: () => () => undefined,
        }
      },
      table: never,
      intents: never,
    }
  }

  /** Whoever holds what was seen sees it age. */
  const outdated = (): void => {
    Object.assign(seen.confirmedAt, longAgo)
  }
  const moved = (): void => {
    placement = { ...placement, epoch: placement.epoch + 1, home: 1 }
  }
  const away = (): Promise<never> =>
    Promise.reject(new AppError('BACKEND_UNAVAILABLE', 'the registry is away'))

  it('asks before it reads or writes where the data lay before its lease ran out', async () => {
    moved()
    await table.put('p', 'within', {})
    outdated()
    await table.put('p', 'after', {})
    expect([...homes[0].all().keys()]).toEqual(['p/within'])
    expect([...homes[1].all().keys()]).toEqual(['p/after'])
    expect(await table.get('p', 'within')).toBeNull()
  })

  it('acknowledges no write that was still under way when its lease had run out', async () => {
    homes[0].pause = async (what) => {
      if (!what.startsWith('wrote')) return
      await Promise.resolve()
      moved()
      outdated()
    }
    await expect(table.put('p', 'a', {})).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
      retryable: true,
    })
  })

  it('acknowledges one that took long where the placement has stood all the time', async () => {
    homes[0].pause = async (what) => {
      await Promise.resolve()
      if (what.startsWith('wrote')) outdated()
    }
    await table.put('p', 'a', {})
    expect(homes[0].all().size).toBe(1)
  })

  it('acknowledges none when nobody can say whether it has stood', async () => {
    homes[0].pause = async (what) => {
      await Promise.resolve()
      if (!what.startsWith('wrote')) return
      outdated()
      confirm = away
    }
    await expect(table.put('p', 'a', {})).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })

  it('reads on without the registry what is not being moved, and writes nothing', async () => {
    placement = { ...placement, migrationId: null }
    await confirm()
    await table.put('p', 'a', { n: 1 })
    confirm = away
    outdated()
    expect((await table.get('p', 'a'))?.value).toEqual({ n: 1 })
    await expect(table.put('p', 'a', { n: 2 })).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
    expect((await table.get('p', 'a'))?.value).toEqual({ n: 1 })
    placement = { ...placement, migrationId: 'm' }
    seen = { ...look(), confirmedAt: { ...longAgo } }
    await expect(table.get('p', 'a')).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' })
  })

  it('keeps a write until the data is in its new place, however often it is told of it', async () => {
    placement = { ...placement, writes: 'held' }
    await confirm()
    const write = table.put('p', 'a', { n: 1 })
    await confirm()
    expect(homes[0].all().size + homes[1].all().size).toBe(0)
    moved()
    placement = { ...placement, writes: 'open' }
    await confirm()
    await write
    expect(homes[0].all().size).toBe(0)
    expect(homes[1].all().size).toBe(1)
  })
})
