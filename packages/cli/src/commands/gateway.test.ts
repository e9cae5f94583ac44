import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { greetingsSupergraph } from '../testing/greetings-supergraph.js'
import { startGreetings, type Greetings } from '../testing/greetings.js'
import { createWorkplace, type Ran, type Workplace } from '../testing/run.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))
const timeoutMs = 60_000

let place: Workplace
let subgraph: Greetings

beforeAll(async () => {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  await promisify(execFile)(process.execPath, [tsc, '-b', 'gateway'], { cwd: root })
}, 300_000)
beforeEach(async () => {
  place = await createWorkplace()
  subgraph = await startGreetings()
  await place.write('supergraph.graphql', greetingsSupergraph)
})
afterEach(async () => {
  await subgraph.close()
  await place.remove()
})

interface Serving {
  readonly url: string
  readonly stop: () => Promise<Ran>
}

async function serving(...argv: readonly string[]): Promise<Serving> {
  const controller = new AbortController()
  let ended: Promise<Ran> | undefined
  const url = await new Promise<string>((resolve, reject) => {
    ended = place.run(['gateway', '--supergraph', 'supergraph.graphql', '--port', '0', ...argv], {
      signal: controller.signal,
      onOut: (line) => resolve(line.trim()),
    })
    ended.then(({ err }) => reject(new Error(err)), reject)
  })
  return {
    url,
    stop: async () => {
      controller.abort()
      if (ended === undefined) throw new Error('unreachable: it has been started')
      return ended
    },
  }
}

async function ask(url: string, query: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer me' },
    body: JSON.stringify({ query }),
  })
  return response.json()
}

describe('heirloom gateway', { timeout: timeoutMs }, () => {
  it('says where it serves, serves there, and ends cleanly when interrupted', async () => {
    const { url, stop } = await serving(
      '--subgraph',
      `greetings=${subgraph.url}`,
      '--header',
      'Authorization',
    )
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/graphql$/)
    expect(await ask(url, '{ hello whoami }')).toEqual({
      data: { hello: 'Hello', whoami: 'Bearer me' },
    })
    const { code, out } = await stop()
    expect({ code, out }).toEqual({ code: 0, out: `${url}\n` })
    await expect(fetch(url)).rejects.toThrow('fetch failed')
  })

  it('forwards nothing that is not named', async () => {
    const { url, stop } = await serving('--subgraph', `greetings=${subgraph.url}`)
    expect(await ask(url, '{ whoami }')).toEqual({ data: { whoami: null } })
    await stop()
  })

  it.each([
    [['--supergraph', 'none.graphql'], 1, 'there is no file'],
    [['--supergraph', 'supergraph.graphql', '--subgraph', 'x=http://a/'], 1, 'no subgraph x'],
    [['--supergraph', 'supergraph.graphql', '--header', 'host'], 1, 'the header host'],
    [[], 2, '--supergraph FILE is missing'],
    [['--supergraph', 'a', '--port', 'b'], 2, '--port must be a whole number'],
    [['--supergraph', 'a', '--executor', 'b'], 2, '--executor must be compiled or reference'],
    [['--supergraph', 'a', '--introspection', '--no-introspection'], 2, 'exclude each other'],
  ])('says what is wrong with %j', async (argv, wanted, message) => {
    const { code, out, err } = await place.run(['gateway', ...argv])
    expect({ code, out }).toEqual({ code: wanted, out: '' })
    expect(err).toContain(message)
  })

  it('explains itself', async () => {
    const { out } = await place.run(['gateway', '--help'])
    for (const option of ['--supergraph FILE', '--header NAME', '--watch', '--planner NAME']) {
      expect(out).toContain(option)
    }
  })
})
