import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { graphqlClient, startSystem, type System } from '@heirloom/testkit'
import { belongingsOf, stringsOf } from '../tenants/belongings.js'
import { storeKeys, type Belongings } from '../tenants/values.js'

interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  readonly body: Readonly<Record<string, unknown>> & { readonly error?: { readonly code: string } }
}

interface Parameter {
  readonly name: string
  readonly in: string
  readonly required?: boolean
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { parameters: Parameter[] }>>>>
}

/** REST over the whole system, as two tenants see it. */
describe('REST', () => {
  let system: System
  let tokens: Readonly<Record<'mine' | 'theirs', string>>
  let their: Belongings
  let secrets: ReadonlySet<string>

  beforeAll(async () => {
    system = await startSystem()
    tokens = { mine: await system.token('t_downe'), theirs: await system.token('t_haworth') }
    const owner = graphqlClient(`${system.url}/graphql`, tokens.theirs)
    their = await belongingsOf(owner)
    secrets = await stringsOf(owner)
  }, 120_000)
  afterAll(() => system.stop())

  async function ask(
    who: 'mine' | 'theirs',
    method: string,
    path: string,
    { body, headers = {} }: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await fetch(`${system.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${tokens[who]}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    const { status, headers: sent } = response
    return { status, headers: sent, text, body: JSON.parse(text === '' ? '{}' : text) as never }
  }

  async function legacyOf(who: 'mine' | 'theirs'): Promise<string> {
    const { body } = await ask(who, 'GET', '/legacies?first=1')
    const [legacy] = body['items'] as { id: string }[]
    return legacy?.id ?? ''
  }

  it('describes itself in valid OpenAPI 3.1', async () => {
    const document = (await (await fetch(`${system.url}/api/v1/openapi.json`)).json()) as Record<
      string,
      unknown
    >
    const { valid, errors } = await new Validator().validate(document)
    expect(errors ?? []).toEqual([])
    expect(valid).toBe(true)
  })

  it('creates, reads, changes, publishes and deletes a story', async () => {
    const legacyId = await legacyOf('mine')
    const input = { legacyId, title: 'By REST', body: 'Once.' }
    const created = await ask('mine', 'POST', '/stories', { body: input })
    expect(created).toMatchObject({ status: 201, body: { title: 'By REST', revision: 1 } })
    const path = created.headers.get('location')?.replace('/api/v1', '') ?? ''
    expect(path).toBe(`/stories/${String(created.body['id'])}`)

    const read = await ask('mine', 'GET', path)
    expect(read).toMatchObject({ status: 200, body: created.body })
    const etag = read.headers.get('etag') ?? ''
    const again = { headers: { 'if-none-match': etag } }
    expect(await ask('mine', 'GET', path, again)).toMatchObject({ status: 304, text: '' })

    const change = { body: { expectedRevision: 1, title: 'By REST, again' } }
    expect(await ask('mine', 'PATCH', path, change)).toMatchObject({
      status: 200,
      body: { title: 'By REST, again', revision: 2 },
    })
    expect((await ask('mine', 'GET', path, again)).status).toBe(200)
    expect(await ask('mine', 'PATCH', path, change)).toMatchObject({
      status: 409,
      body: { error: { code: 'STALE_REVISION', details: { expectedRevision: 1 } } },
    })
    const published = await ask('mine', 'POST', `${path}/publish`, {
      body: { expectedRevision: 2 },
    })
    expect(published).toMatchObject({ status: 200, body: { status: 'PUBLISHED' } })
    expect(await ask('mine', 'DELETE', `${path}?expectedRevision=3`)).toMatchObject({
      status: 204,
      text: '',
    })
    expect(await ask('mine', 'GET', path)).toMatchObject({
      status: 404,
      body: { error: { code: 'NOT_FOUND' } },
    })
  })

  it('pages through a collection by its links, and misses nothing', async () => {
    const all = await ask('theirs', 'GET', '/people?first=100&fields=id')
    const ids: string[] = []
    let path: string | undefined = '/people?first=3&fields=id'
    while (path !== undefined) {
      const { body, headers }: Answer = await ask('theirs', 'GET', path)
      ids.push(...(body['items'] as { id: string }[]).map(({ id }) => id))
      path = /<\/api\/v1([^>]+)>; rel="next"/.exec(headers.get('link') ?? '')?.[1]
    }
    expect(ids.length).toBeGreaterThan(6)
    expect(ids).toEqual((all.body['items'] as { id: string }[]).map(({ id }) => id))
  })

  it('searches, and filters by a parameter with a dot', async () => {
    const found = await ask('theirs', 'GET', '/search-stories?query=parsonage&fields=story.title')
    expect((found.body['items'] as unknown[]).length).toBeGreaterThan(0)
    expect(found.body).toHaveProperty('totalCount')
    const drafts = await ask('theirs', 'GET', '/stories?filter.status=DRAFT&fields=status')
    const statuses = (drafts.body['items'] as { status: string }[]).map(({ status }) => status)
    expect(new Set(statuses).size).toBeLessThanOrEqual(1)
    const wrong = await ask('theirs', 'GET', '/stories?filter.status=LOST')
    expect(wrong).toMatchObject({ status: 400, body: { error: { code: 'INVALID_INPUT' } } })
  })

  it('does once what is asked twice with one idempotency key, for each tenant by itself', async () => {
    const headers = { 'idempotency-key': 'one-key-of-two-tenants' }
    const make = async (who: 'mine' | 'theirs', title: string) => {
      const body = { legacyId: await legacyOf(who), title, body: 'Once.' }
      return ask(who, 'POST', '/stories', { body, headers })
    }
    const first = await make('theirs', 'Told once')
    expect(first.status).toBe(201)
    expect((await make('theirs', 'Told once')).body).toEqual(first.body)
    const other = await make('theirs', 'Told otherwise')
    expect(other).toMatchObject({
      status: 409,
      body: { error: { code: 'IDEMPOTENCY_KEY_REUSED' } },
    })
    const mine = await make('mine', 'Mine')
    expect(mine).toMatchObject({ status: 201, body: { title: 'Mine' } })
    expect(mine.body['id']).not.toBe(first.body['id'])
  })

  it('gives the other tenant nothing of a story: not by its address, its tag or a change', async () => {
    const path = `/stories/${their.storyId}`
    const { headers, status } = await ask('theirs', 'GET', path)
    expect(status).toBe(200)
    const again = { headers: { 'if-none-match': headers.get('etag') ?? '' } }
    for (const attempt of [
      await ask('mine', 'GET', path),
      await ask('mine', 'GET', path, again),
      await ask('mine', 'GET', path, { headers: { 'if-none-match': '*' } }),
      await ask('mine', 'PATCH', path, { body: { expectedRevision: 1, title: 'x' } }),
      await ask('mine', 'DELETE', `${path}?expectedRevision=1`),
    ]) {
      expect(attempt).toMatchObject({ status: 404, body: { error: { code: 'NOT_FOUND' } } })
    }
    expect((await ask('theirs', 'GET', path, again)).status).toBe(304)
  })

  it('gives the other tenant nothing by any address that reads, and no error of ours', async () => {
    const document = (await (await fetch(`${system.url}/api/v1/openapi.json`)).json()) as Document
    const reads = Object.entries(document.paths).flatMap(([path, { get }]) =>
      get === undefined ? [] : [{ path, parameters: get.parameters }],
    )
    expect(reads.length).toBeGreaterThan(50)
    const wrong: string[] = []
    let refused = 0
    for (const { path, parameters } of reads) {
      const query = new URLSearchParams(
        parameters.flatMap((one) => {
          const value = one.in === 'query' ? valueFor(one) : undefined
          return value === undefined ? [] : [[one.name, value] as [string, string]]
        }),
      )
      // It takes a story or a legacy, and neither is required.
      if (path.endsWith('/explain-access')) query.set('legacyId', their.legacyId)
      const at = `${path.replace('{id}', idFor(path))}?${query}`
      const mine = await ask('mine', 'GET', at)
      const told = [...secrets].find((secret) => {
        return (
          mine.text.includes(JSON.stringify(secret)) && !at.includes(encodeURIComponent(secret))
        )
      })
      if (told !== undefined) wrong.push(`${at} tells ${told}`)
      if (mine.status >= 500 || mine.status === 400) wrong.push(`${at}: ${mine.text}`)
      if (mine.status >= 400) refused += 1
    }
    expect(wrong).toEqual([])
    expect(refused).toBeGreaterThan(10)
  })

  function idFor(path: string): string {
    if (path.startsWith('/people')) return their.personIds[0]
    if (path.startsWith('/legacies')) return their.legacyId
    if (path.startsWith('/media')) return their.mediaId
    if (path.startsWith('/plugins')) return their.pluginId
    if (path.startsWith('/chat')) return storeKeys.threadId
    return path.startsWith('/canvas') ? storeKeys.canvasId : their.storyId
  }

  function valueFor({ name, required = false }: Parameter): string | undefined {
    const known: Readonly<Record<string, string>> = {
      ...storeKeys,
      legacyId: their.legacyId,
      fromId: their.personIds[0],
      toId: their.personIds[1],
      streamId: their.streamId,
      slug: their.slug,
      userId: their.userId,
      query: 'parsonage',
      resourceKind: 'tabular_store',
      from: '2026-06-01T00:00:00Z',
      to: '2026-06-02T00:00:00Z',
      link: 'https://example.org/',
      actorType: 'USER',
      id: storeKeys.outputId,
    }
    return required || name === 'slug' ? (known[name] ?? 'none') : undefined
  }
})
