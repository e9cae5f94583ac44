import { build } from 'esbuild'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith, graphqlClient, startSystem, type System } from '@heirloom/testkit'
import { startCuttingProxy, type CuttingProxy } from '../support/cutting-proxy.js'
import { root } from '../support/repository.js'
import { fetchedRig } from '../support/rigs.js'
import type { Kept, PageGlobals, Way } from './page.js'

const rig = fetchedRig('chromium')
const waysOf: readonly Way[] = ['plain', 'apollo', 'urql']

describeWith(rig, 'the client in a real browser that is signed in', () => {
  let system: System
  let proxy: CuttingProxy
  let browser: Browser
  let context: BrowserContext
  let script: string
  let ask: ReturnType<typeof graphqlClient>

  beforeAll(async () => {
    const [started, bundled] = await Promise.all([
      startSystem(),
      build({
        entryPoints: [`${root}test/client/page.ts`],
        bundle: true,
        write: false,
        format: 'iife',
        conditions: ['source'],
        define: { 'process.env.NODE_ENV': '"production"' },
      }),
    ])
    system = started
    script = bundled.outputFiles[0]?.text ?? ''
    proxy = await startCuttingProxy(Number(new URL(system.url).port))
    ask = graphqlClient(`${system.url}/graphql`, await system.token('t_haworth'))
    browser = await chromium.launch({
      executablePath: rig.path,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
    })
    // The test brings its script along, where an application has one of its own origin.
    context = await browser.newContext({ bypassCSP: true })
    const page = await context.newPage()
    await page.goto(system.url)
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: /^Charlotte/ }).click()
    await page.getByText('You are signed in').waitFor()
    await page.close()
  })

  afterAll(async () => {
    await browser?.close()
    await proxy?.close()
    await system?.stop()
  })

  it.each(waysOf)('hands out every event once and in order, whatever is cut: %s', async (way) => {
    const streamId = `browser-${way}`
    const after = await end(streamId)
    const written: string[] = []
    let page = await follow(way, streamId, after)
    for (let round = 0; round < 6; round += 1) {
      written.push(...(await append(streamId, `${way}-${round}`, 4)))
      if (round % 2 === 0) proxy.cut()
      // A page that is closed without a word, and opened again with what it kept.
      if (round % 3 === 2) {
        await page.close({ runBeforeUnload: false })
        written.push(...(await append(streamId, `${way}-${round}-while-away`, 3)))
        page = await follow(way, streamId, after)
      }
      await expect.poll(async () => (await keptBy(page, streamId)).ids.length).toBe(written.length)
    }
    const { ids, errors, interruptions } = await keptBy(page, streamId)
    expect(ids).toEqual(written)
    expect(errors).toEqual([])
    expect(interruptions).toBeGreaterThan(0)
    await page.close()
  })

  it('takes SSE where a proxy lets no WebSocket through, and resumes over it', async () => {
    const streamId = 'browser-sse'
    const after = await end(streamId)
    // Fetch asks the page's own origin, so the page itself comes through the proxy; a cookie for
    // another origin than the gateway's would be refused, so a token speaks.
    const stranger = await browser.newContext({ bypassCSP: true })
    const page = await stranger.newPage()
    await page.goto(`http://localhost:${proxy.port}/`)
    await page.addScriptTag({ content: script })
    await page.evaluate(
      ([id, cursor, token]) => {
        const { heirloom } = globalThis as unknown as PageGlobals
        heirloom.follow('plain', id, cursor, {
          token,
          // Nobody listens there.
          webSocketUrl: 'ws://localhost:9/graphql',
          retry: { initialDelayMs: 20, maxDelayMs: 200 },
        })
      },
      [streamId, after, await system.token('t_haworth')] as const,
    )
    const written: string[] = []
    for (let round = 0; round < 4; round += 1) {
      written.push(...(await append(streamId, `sse-${round}`, 4)))
      if (round % 2 === 0) proxy.cut()
      await expect.poll(async () => (await keptBy(page, streamId)).ids.length).toBe(written.length)
    }
    const { ids, errors } = await keptBy(page, streamId)
    expect(ids).toEqual(written)
    expect(errors).toEqual([])
    await stranger.close()
  })

  it('comes back at once when the network does, however long it would still wait', async () => {
    const streamId = 'browser-online'
    const page = await follow('plain', streamId, await end(streamId), 60_000)
    const first = await append(streamId, 'before', 1)
    await expect.poll(async () => (await keptBy(page, streamId)).ids).toEqual(first)
    await context.setOffline(true)
    proxy.cut()
    await expect.poll(async () => (await keptBy(page, streamId)).interruptions).toBe(1)
    const second = await append(streamId, 'meanwhile', 2)
    await context.setOffline(false)
    await expect
      .poll(async () => (await keptBy(page, streamId)).ids, { timeout: 10_000 })
      .toEqual([...first, ...second])
    await page.close()
  })

  it('finds out that a connection is dead when the page hears of the network', async () => {
    const streamId = 'browser-stalled'
    const page = await follow('plain', streamId, await end(streamId))
    const first = await append(streamId, 'before', 1)
    await expect.poll(async () => (await keptBy(page, streamId)).ids).toEqual(first)
    // As when a laptop moves to another network: no end, just silence.
    const resume = proxy.stall()
    const second = await append(streamId, 'meanwhile', 2)
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await expect
      .poll(async () => (await keptBy(page, streamId)).ids, { timeout: 10_000 })
      .toEqual([...first, ...second])
    resume()
    await page.close()
  })

  async function follow(
    way: Way,
    streamId: string,
    after: string,
    initialDelayMs = 50,
  ): Promise<Page> {
    const page = await context.newPage()
    await page.goto(system.url)
    await page.addScriptTag({ content: script })
    await page.evaluate(
      ([kind, id, cursor, port, delayMs]) => {
        const { heirloom } = globalThis as unknown as PageGlobals
        heirloom.follow(kind, id, cursor, {
          webSocketUrl: `ws://localhost:${port}/graphql`,
          transport: 'websocket',
          retry: { initialDelayMs: delayMs, maxDelayMs: Math.max(delayMs, 500) },
        })
      },
      [way, streamId, after, proxy.port, initialDelayMs] as const,
    )
    return page
  }

  function keptBy(page: Page, streamId: string): Promise<Kept> {
    return page.evaluate((id) => (globalThis as unknown as PageGlobals).heirloom.kept(id), streamId)
  }

  async function end(streamId: string): Promise<string> {
    const { data } = await ask<{ streamEnd: string }>(
      'query ($streamId: ID!) { streamEnd(streamId: $streamId) }',
      { streamId },
    )
    return data?.streamEnd ?? ''
  }

  async function append(streamId: string, prefix: string, count: number): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`)
    const events = ids.map((id) => ({ id, type: 'Told', data: { id } }))
    const { errors } = await ask(
      'mutation ($input: AppendEventInput!) { appendEvent(input: $input) { events { id } } }',
      { input: { streamId, events } },
    )
    expect(errors).toBeUndefined()
    return ids
  }
})
