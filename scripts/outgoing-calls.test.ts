import { beforeAll, describe, expect, it } from 'vitest'
import { lintedFiles } from './linted-files.js'

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
  let found: ReadonlySet<string>
  const files = new Map<string, string>([[named, refused[0] ?? '']])
  for (const place of places) {
    for (const [at, text] of refused.entries()) files.set(`${place}/refused-${at}.ts`, text)
    for (const [at, text] of allowed.entries()) files.set(`${place}/allowed-${at}.ts`, text)
  }

  beforeAll(async () => {
    found = await lintedFiles(files, ['no-restricted-globals', 'no-restricted-imports'])
  })

  it.each(refused.map((text, at) => [text, at] as const))('refuses %s', (_text, at) => {
    const paths = places.map((place) => `${place}/refused-${at}.ts`)
    expect(paths.filter((path) => !found.has(path))).toEqual([])
  })

  it.each(allowed.map((text, at) => [text, at] as const))('lets through %s', (_text, at) => {
    const paths = places.map((place) => `${place}/allowed-${at}.ts`)
    expect(paths.filter((path) => found.has(path))).toEqual([])
  })

  it('lets those call who are named with their reason', () => {
    expect(found.has(named)).toBe(false)
  })
})
