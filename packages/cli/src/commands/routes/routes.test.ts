import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  migration,
  migrationId,
  routeId,
  startRoutesServer,
  type RoutesServer,
} from '../../testing/routes-server.js'
import { createWorkplace, type Ran, type Workplace } from '../../testing/run.js'

describe('heirloom routes', () => {
  let api: RoutesServer
  let place: Workplace
  beforeEach(async () => {
    api = await startRoutesServer()
    place = await createWorkplace()
  })
  afterEach(async () => {
    await api.close()
    await place.remove()
  })

  const run = (...argv: readonly string[]): Promise<Ran> =>
    place.run(['routes', ...argv, '--url', api.url, '--token', 'x'])

  it('lists routes, for whom they are, and what is moving them', async () => {
    const { code, out } = await run('list', '--kind', 'chat_store')
    expect(code).toBe(0)
    expect(out).toBe(
      `ROUTE   KIND        FOR                                     BACKEND   STRATEGY               MIGRATION
rt_one  chat_store  any tenant, dev, saas, lab, project p1  postgres  dual-write + dynamodb  ${migrationId} backfill
`,
    )
    expect(api.asked).toMatchObject([{ field: 'routes', input: { resourceKind: 'chat_store' } }])
    const json = await run('list', '--json')
    expect(JSON.parse(json.out)).toMatchObject([{ id: routeId }])
  })

  it('saves a route with all that belongs to it', async () => {
    const { code } = await run(
      'save',
      'chat_store',
      '--to',
      'dynamodb',
      '--config',
      '{"table_name":"chat"}',
      '--for-tenant',
      't_one',
      '--modes',
      'saas, lab',
      '--project',
      'p1',
      '--surface',
      'web',
      '--env',
      'prod',
      '--tier',
      'gold',
      '--cost-notes',
      'dear',
      '--rationale',
      'near',
    )
    expect(code).toBe(0)
    expect(api.asked[0]?.input).toMatchObject({
      resourceKind: 'chat_store',
      tenantId: 't_one',
      env: 'prod',
      modes: ['SAAS', 'LAB'],
      projectId: 'p1',
      surfaceId: 'web',
      backendType: 'DYNAMODB',
      config: { table_name: 'chat' },
      tier: 'gold',
      costNotes: 'dear',
      switchRationale: 'near',
    })
    await run('save', 'chat_store', '--to', 'postgres', '--config', '{}', '--any-tenant')
    expect(api.asked[1]?.input).toMatchObject({ tenantId: null, modes: null })
  })

  it('explains which route is taken and why the others are not', async () => {
    const { code, out } = await run('explain', 'chat_store', '--mode', 'lab', '--for-tenant', 't_1')
    expect(code).toBe(0)
    expect(out).toContain('It is for everybody.')
    expect(out).toMatch(/rt_two .* does not fit: mode, tenant/)
    expect(api.asked[0]?.input).toMatchObject({ mode: 'LAB', tenantId: 't_1' })
  })

  it('moves a route and shows its progress until nobody is needed', async () => {
    api.states.push(
      { phase: 'BACKFILL' },
      { phase: 'VERIFY', progress: progress({ compared: 500, repaired: 2 }) },
      { phase: 'ROLLBACK_WINDOW' },
    )
    const { code, out, err } = await run(
      'migrate',
      routeId,
      '--to',
      'dynamodb',
      '--config',
      '{}',
      '--window',
      '60',
      '--rate',
      '100',
      '--keep-records',
      '--rationale',
      'cheaper',
    )
    expect(code).toBe(0)
    expect(api.asked[0]?.input).toMatchObject({
      routeId,
      backendType: 'DYNAMODB',
      mirror: null,
      autoCutOver: true,
      rollbackWindowSeconds: 60,
      recordsPerSecond: 100,
      keepRecords: true,
      rationale: 'cheaper',
    })
    expect(err).toContain('backfill: 200 of about 1000 read, 190 copied; 3 late copies made up for')
    expect(err).toContain('verify: 500 compared, 2 repaired')
    expect(out).toContain('phase rollback-window')
  })

  it('fails when the migration stops for somebody, and says what to do', async () => {
    const error = { code: 'PRECONDITION_FAILED', message: 'they differ', at: new Date(0) }
    api.states.push({ phase: 'VERIFY', isPaused: true, error })
    const { code, err } = await run('migrate', routeId, '--to', 'dynamodb', '--config', '{}')
    expect(code).toBe(1)
    expect(err).toContain('they differ')
    expect(err).toContain(`heirloom routes resume ${migrationId}`)
  })

  it('shows the differences of one migration, found by its route too', async () => {
    const difference = {
      tenantId: 't_1',
      partition: 'table#a\u001b',
      key: 'k',
      kind: 'REFUSED',
      isRepaired: false,
      reason: 'too large',
    }
    api.states.push({ phase: 'VERIFY', differences: [difference] })
    const { out } = await run('status', '--migration', routeId)
    expect(out).toContain('difference: t_1 table#a  k: refused, too large')
    expect((await run('status')).out).toMatch(/MIGRATION +ROUTE +KIND +FROM +TO +PHASE +PROGRESS/)
    expect(JSON.parse((await run('status', '--json')).out)).toMatchObject([{ id: migrationId }])
  })

  it.each([
    ['stop', 'stopMigration', {}],
    ['resume', 'resumeMigration', {}],
    ['cut-over', 'cutOverMigration', {}],
    ['rollback', 'rollBackMigration', { keepRecords: true }],
    ['retire', 'retireMigration', { keepRecords: true }],
  ])('does %s', async (word, field, more) => {
    const flags = Object.keys(more).length > 0 ? ['--keep-records'] : []
    const { code, out } = await run(word, routeId, '--detach', '--json', ...flags)
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ id: migrationId, phase: migration['phase'] })
    expect(api.asked).toMatchObject([{ field, input: { id: migrationId, ...more } }])
  })

  it('provisions, and prints what could not be done', async () => {
    const { code, out } = await run('provision', routeId)
    expect(code).toBe(0)
    expect(out).toBe(
      'done     table chat\nthere    ttl\nrefused  point-in-time recovery: no  permission\n' +
        '         aws dynamodb update-continuous-backups  --table-name chat\n',
    )
    expect(api.asked[0]?.input).toEqual({ routeId })
  })

  it.each([
    [['migrate', routeId, '--config', '{}'], '--to is missing'],
    [['migrate', routeId, '--to', 'cosmos'], '--config is missing'],
    [['migrate', routeId, '--to', 'cosmos', '--config', '[]'], '--config must be a JSON object'],
    [['migrate', routeId, '--to', 'x', '--config', '{}', '--mirror', 'y'], '--mirror must be'],
    [['migrate', routeId, '--to', 'x', '--config', '{}', '--rate', 'fast'], '--rate must be'],
    [['migrate'], 'ROUTE is missing'],
    [['status', '--follow'], '--follow needs --migration'],
  ])('refuses %j', async (argv, message) => {
    const { code, err } = await run(...argv)
    expect({ code, said: err.includes(message) }, err).toEqual({ code: 2, said: true })
  })

  it('says that there is no such migration', async () => {
    const { code, err } = await run('stop', 'rt_none')
    expect(code).toBe(1)
    expect(err).toContain('there is no migration "rt_none"')
  })
})

function progress(some: Readonly<Record<string, number>>): unknown {
  return { ...(migration['progress'] as object), ...some }
}
