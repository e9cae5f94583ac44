import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { goodToken, legacyId, startApiServer, type ApiServer } from '../testing/api-server.js'
import { createWorkplace, type Workplace } from '../testing/run.js'

let api: ApiServer
let place: Workplace
beforeEach(async () => {
  api = await startApiServer()
  api.legacies.push({ id: legacyId, slug: 'haworth', title: 'Haworth' })
  place = await createWorkplace(api.cliFile)
})
afterEach(async () => {
  await api.close()
  await place.remove()
})

describe('heirloom token', () => {
  it('prints a token that was asked for by client credentials for the API', async () => {
    const { code, out } = await place.run(['token', '--tenant', 't_haworth'])
    expect({ code, out }).toEqual({ code: 0, out: `${goodToken}\n` })
    expect(api.tokenRequests.map(String)).toEqual([
      'grant_type=client_credentials&resource=urn%3Aheirloom%3Aapi',
    ])
  })

  it('prints when it expires, as JSON', async () => {
    const { out } = await place.run(['token', '--tenant', 'haworth', '--json'])
    const { token, expires_at } = JSON.parse(out) as Record<string, string>
    expect(token).toBe(goodToken)
    expect(Date.parse(expires_at ?? '')).toBeGreaterThan(Date.now())
  })
})

describe('heirloom query', () => {
  const find = 'query ($slug: String) { legacy(slug: $slug) { id } }'

  it('prints the data', async () => {
    const { code, out } = await place.run([
      'query',
      find,
      '--variables',
      '{"slug":"haworth"}',
      '--tenant',
      't_haworth',
      '--json',
    ])
    expect({ code, out }).toEqual({ code: 0, out: `{"legacy":{"id":"${legacyId}"}}\n` })
  })

  it('reads the document from standard input, and a token from the environment', async () => {
    const { code, out } = await place.run(['query', '-', '--url', api.url, '--json'], {
      env: { HEIRLOOM_TOKEN: goodToken },
      input: '{ __typename }',
    })
    expect({ code, out }).toEqual({ code: 0, out: '{"__typename":"Query"}\n' })
    expect(api.tokenRequests).toEqual([])
  })

  it('prints what was answered in spite of errors, and fails', async () => {
    const document = '{ broken legacy(slug: "haworth") { slug } }'
    const { code, out, err } = await place.run([
      'query',
      document,
      '--tenant',
      't_haworth',
      '--json',
    ])
    expect(code).toBe(1)
    expect(out).toBe('{"broken":null,"legacy":{"slug":"haworth"}}\n')
    expect(JSON.parse(err)).toEqual({
      error: {
        code: 'BACKEND_UNAVAILABLE',
        message: 'refused by BACKEND_UNAVAILABLE (BACKEND_UNAVAILABLE)',
      },
    })
  })

  it.each(['[1]', 'x', '7'])('refuses the variables %s', async (variables) => {
    const { code, err } = await place.run(['query', find, '--variables', variables])
    expect(code).toBe(2)
    expect(err).toContain('--variables must be a JSON object')
  })
})

describe('heirloom timeline', () => {
  it('prints each event once across a cut, and the cursor that goes on', async () => {
    const { code, out, err } = await place.run(
      ['timeline', 'haworth', '--tenant', 't_haworth', '--limit', '3'],
      {
        onErr: (text) => {
          if (text.startsWith('following')) api.append('one')
        },
        onOut: (text) => {
          if (!text.includes('one')) return
          api.cut()
          api.append('two\u001b[31m')
          api.append('three')
        },
      },
    )
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      '1847-10-19T00:00:00.000Z  StoryPublished        one',
      '1847-10-19T00:00:00.000Z  StoryPublished        two [31m',
      '1847-10-19T00:00:00.000Z  StoryPublished        three',
      '',
    ])
    expect(err).toMatch(/the socket was closed \(1006\); going on in \d\.\d s/)
    expect(err).toMatch(/to go on: --after 3\n$/)
  })

  it('goes on after a cursor, as JSON', async () => {
    for (const title of ['one', 'two']) api.append(title)
    const { out } = await place.run([
      'timeline',
      legacyId,
      '--tenant',
      't_haworth',
      '--after',
      '1',
      '--limit',
      '1',
      '--json',
    ])
    expect(JSON.parse(out)).toMatchObject({ cursor: '2', id: 'event-2', data: { title: 'two' } })
  })

  it('ends on Ctrl-C', async () => {
    const controller = new AbortController()
    const { code, err } = await place.run(['timeline', 'haworth', '--tenant', 't_haworth'], {
      signal: controller.signal,
      onErr: () => controller.abort(),
    })
    expect(code).toBe(0)
    expect(err).toContain('to go on: --after 0')
  })

  it('says that there is no such legacy, and refuses a limit that is none', async () => {
    const missing = await place.run(['timeline', 'keighley', '--tenant', 't_haworth'])
    expect(missing).toMatchObject({ code: 1, err: 'heirloom: there is no legacy "keighley"\n' })
    const limit = await place.run(['timeline', 'haworth', '--limit', '0'])
    expect(limit.code).toBe(2)
  })
})

describe('a system that cannot be found', () => {
  it('is named with the ways to give one', async () => {
    const alone = await createWorkplace()
    const { code, err } = await alone.run(['token', '--tenant', 't_haworth'])
    await alone.remove()
    expect(code).toBe(1)
    expect(err).toContain('there is no .heirloom/cli.json here or in a folder above')
    expect(err).toContain('npm start')
  })

  it('is named by the folder that was given', async () => {
    const { code, err } = await place.run(['token', '--tenant', 't_haworth', '--data-dir', 'other'])
    expect(code).toBe(1)
    expect(err).toContain('npm start -- --data-dir other')
  })

  it('is said to be stopped when nobody answers', async () => {
    const argv = ['query', '{ __typename }', '--url', 'http://127.0.0.1:9', '--token', 'x']
    const { code, err } = await place.run(argv)
    expect(code).toBe(1)
    expect(err).toContain('http://127.0.0.1:9/graphql cannot be reached (CONNECTION_LOST)')
    expect(err).toContain('Is the system running? Start it with "npm start"')
  })

  it('is said to have left a file that cannot be read', async () => {
    await place.write('.heirloom/cli.json', '{"gatewayUrl":')
    const { code, err } = await place.run(['token', '--tenant', 't_haworth'])
    expect(code).toBe(1)
    expect(err).toContain('is not what "npm start" writes')
  })
})
