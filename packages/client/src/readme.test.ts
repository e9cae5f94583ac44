import { readFileSync } from 'node:fs'
import * as apollo from '@apollo/client'
import * as urql from '@urql/core'
import { transform } from 'esbuild'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import * as apolloEntry from './apollo.js'
import * as entry from './index.js'
import { cursorOf, startLogServer, type LogServer } from './test-server.js'
import * as urqlEntry from './urql.js'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const examples = [...readme.matchAll(/^## (.*)$|^```ts\n([^]*?)^```$/gm)].reduce<
  { title: string; code: string }[]
>((found, [, heading, code]) => {
  if (heading !== undefined) found.push({ title: heading, code: '' })
  const last = found.at(-1) ?? { title: 'the first one', code: '' }
  if (found.length === 0) found.push(last)
  if (code !== undefined) last.code = code
  return found
}, [])

const modules: Readonly<Record<string, object>> = {
  '@heirloom/client': entry,
  '@heirloom/client/apollo': apolloEntry,
  '@heirloom/client/urql': urqlEntry,
  '@apollo/client': apollo,
  '@urql/core': urql,
  ws: { WebSocket },
}

let server: LogServer
beforeEach(async () => {
  server = await startLogServer()
})
afterEach(() => server.close())

interface Stoppable {
  close?(): void
  unsubscribe?(): void
}

/** Runs the text of an example with what an application has around it. */
async function run(text: string, around: Record<string, unknown>): Promise<Stoppable> {
  const { code } = await transform(text.replace('await subscription.ended\n', ''), { loader: 'ts' })
  const body = code
    .replaceAll(
      /import \{([^}]*)\} from "([^"]*)";/g,
      (_whole, names: string, from: string) =>
        `const {${names}} = modules[${JSON.stringify(from)}];`,
    )
    .replace('"https://stories.example.org/graphql"', 'url')
  const names = Object.keys(around)
  // oxlint-disable-next-line no-implied-eval -- the examples are ours, and are to be run as they are
  const example = new Function('modules', ...names, `${body}\nreturn subscription`) as (
    ...given: unknown[]
  ) => Stoppable
  return example(modules, ...Object.values(around))
}

function start(code: string, shown: string[], stored: Map<string, string>): Promise<Stoppable> {
  return run(code, {
    url: server.url,
    legacyId: 'L',
    fetchToken: () => 'token',
    storage: {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => stored.set(key, value),
    },
    show: (event: { id: string }) => void shown.push(event.id),
    showOffline: () => undefined,
    showEnd: (reason: string) => shown.push(reason),
  })
}

function stop(subscription: Stoppable): void {
  subscription.close?.()
  subscription.unsubscribe?.()
}

it.each(examples.filter(({ code }) => code.includes('storage')))(
  'the example of the README goes on from what it stored: $title',
  async ({ code }) => {
    const shown: string[] = []
    const stored = new Map([['cursor', cursorOf(1)]])
    server.append(2)
    const subscription = await start(code, shown, stored)
    await expect.poll(() => shown).toEqual(['2'])
    server.cut()
    server.append(1)
    await expect.poll(() => shown).toEqual(['2', '3'])
    expect(stored.get('cursor')).toBe(cursorOf(3))
    stop(subscription)
  },
)

it.each(examples.filter(({ code }) => code !== '' && !code.includes('storage')))(
  'the example of the README begins now: $title',
  async ({ code }) => {
    const shown: string[] = []
    const subscription = await start(code, shown, new Map())
    await expect
      .poll(() => {
        server.append(1)
        return shown.length
      })
      .toBeGreaterThan(1)
    stop(subscription)
  },
)

it('has an example of each way', () => {
  expect(examples.filter(({ code }) => code !== '')).toHaveLength(4)
})
