import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../', import.meta.url))
const rules = ['no-restricted-globals', 'no-restricted-imports']

/** Each of them calls somebody. */
const refused = [
  `export const a = fetch('https://example.org')`,
  `export const a = globalThis.fetch('https://example.org')`,
  `export const a = new WebSocket('wss://example.org')`,
  `export const a = new EventSource('https://example.org')`,
  `import { request } from 'node:http'\nexport const a = request`,
  `import { get as a } from 'node:http'\nexport const b = a`,
  `import http from 'node:http'\nexport const a = http`,
  `import * as http from 'node:http'\nexport const a = http`,
  `import { request } from 'http'\nexport const a = request`,
  `import { get } from 'node:https'\nexport const a = get`,
  `import { connect } from 'node:http2'\nexport const a = connect`,
  `import { connect } from 'node:net'\nexport const a = connect`,
  `import { Socket } from 'node:net'\nexport const a = new Socket()`,
  `import { connect } from 'node:tls'\nexport const a = connect`,
  `import { createSocket } from 'node:dgram'\nexport const a = createSocket`,
  `import { request } from 'undici'\nexport const a = request`,
  `export { request } from 'undici'`,
  `export const a = import('undici')`,
  `import axios from 'axios'\nexport const a = axios`,
  `import { WebSocket } from 'ws'\nexport const a = WebSocket`,
]
/** None of them does. */
const allowed = [
  `import { createServer, type IncomingMessage } from 'node:http'\nexport const a = createServer\nexport type A = IncomingMessage`,
  `import type { Socket } from 'node:net'\nexport type A = Socket`,
  `import { isIP } from 'node:net'\nexport const a = isIP('1.1.1.1')`,
  `import type { Dispatcher } from 'undici'\nexport type A = Dispatcher`,
  `import { WebSocketServer } from 'ws'\nexport const a = WebSocketServer`,
  `export const a = (fetch: () => void) => fetch()`,
]
const places = ['gateway/src/rest', 'subgraphs/plugins/src/data', 'packages/ai/src']
const named = 'packages/subgraph/src/peer.ts'

describe('The rule about outgoing calls', () => {
  let folder: string
  let found: ReadonlySet<string>

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heirloom-outgoing-'))
    await cp(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
    const write = async (path: string, text: string): Promise<void> => {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), `${text}\n`)
    }
    for (const place of places) {
      for (const [at, text] of refused.entries()) await write(`${place}/refused-${at}.ts`, text)
      for (const [at, text] of allowed.entries()) await write(`${place}/allowed-${at}.ts`, text)
    }
    await write(named, refused.slice(0, 1).join('\n'))
    const { stdout } = spawnSync(
      execPath,
      [join(root, 'node_modules/oxlint/bin/oxlint'), '--format', 'json'],
      { cwd: folder, encoding: 'utf8' },
    )
    const { diagnostics } = JSON.parse(stdout) as {
      readonly diagnostics: readonly { readonly code: string; readonly filename: string }[]
    }
    found = new Set(
      diagnostics
        .filter(({ code }) => rules.some((rule) => code.includes(`(${rule})`)))
        .map(({ filename }) => filename),
    )
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it.each(refused.map((text, at) => [text, at] as const))('refuses %s', (_text, at) => {
    const files = places.map((place) => `${place}/refused-${at}.ts`)
    expect(files.filter((file) => !found.has(file))).toEqual([])
  })

  it.each(allowed.map((text, at) => [text, at] as const))('lets through %s', (_text, at) => {
    const files = places.map((place) => `${place}/allowed-${at}.ts`)
    expect(files.filter((file) => found.has(file))).toEqual([])
  })

  it('lets those call who are named with their reason', () => {
    expect(found.has(named)).toBe(false)
  })
})
