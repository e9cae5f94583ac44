import { mkdir } from 'node:fs/promises'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeWith, eventually, startSystem, type System } from '@heirloom/testkit'
import { root } from '../support/repository.js'
import { fetchedRig } from '../support/rigs.js'

const rig = fetchedRig('chromium')
const screenshots = `${root}.rigs/screenshots`

describeWith(rig, 'the first hour in a real browser', () => {
  let system: System
  let browser: Browser
  let context: BrowserContext
  const complaints: string[] = []

  beforeAll(async () => {
    system = await startSystem()
    browser = await chromium.launch({
      executablePath: rig.path,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-sync'],
    })
    context = await browser.newContext()
    await mkdir(screenshots, { recursive: true })
  })

  afterAll(async () => {
    await browser?.close()
    await system?.stop()
  })

  it('signs in at the provider and comes back signed in', async () => {
    const page = await open('/')
    await page.getByRole('link', { name: 'Sign in' }).click()
    await page.getByRole('button', { name: /^Charlotte/ }).click()
    await page.getByText('You are signed in').waitFor()
    expect(await page.getByRole('definition').allTextContents()).toEqual([
      'Charlotte',
      't_haworth',
      'owner',
    ])
    await page.screenshot({ path: `${screenshots}/signed-in.png` })
  })

  it('shows a query across four subgraphs in GraphiQL', async () => {
    const query = `{ searchStories(query: "parsonage curate") { nodes { highlights story { title people { name } media { fileName } } } } }`
    const page = await open(`/graphiql?query=${encodeURIComponent(query)}`)
    await page.getByRole('button', { name: /Execute query/ }).click()
    await page.getByText('parsonage.svg').waitFor()
    expect(await page.getByText('Patrick Brontë').count()).toBeGreaterThan(0)
    await page.screenshot({ path: `${screenshots}/graphiql.png` })
  })

  it('shows a story written in a second window within a second', async () => {
    const second = await open('/graphiql')
    const legacyId = await ask<{ legacy: { id: string } }>(
      second,
      `{ legacy(slug: "brontes-of-haworth") { id } }`,
    ).then(({ legacy }) => legacy.id)
    const subscription = `subscription { timeline(legacyId: "${legacyId}") { cursor type story { title } } }`
    const first = await open(`/graphiql?query=${encodeURIComponent(subscription)}`)
    await first.getByRole('button', { name: /Execute query/ }).click()
    await first.getByRole('button', { name: /Stop query/ }).waitFor()
    // "From now" begins when the subscription has reached the storage subgraph: until then,
    // nothing that is written shows.
    await eventually(async () => {
      await write(second, legacyId, 'Warming up')
      return first.getByText('Warming up').isVisible()
    })
    const from = performance.now()
    await write(second, legacyId, 'Written in the second window')
    await first.getByText('Written in the second window').waitFor({ timeout: 5_000 })
    expect(performance.now() - from).toBeLessThan(1_000)
    await first.screenshot({ path: `${screenshots}/timeline.png` })
  })

  it('signs out everywhere it signed in', async () => {
    const page = await open('/')
    await page.getByRole('button', { name: 'Sign out', exact: true }).click()
    await page.getByText('You are not signed in').waitFor()
    expect(await page.getByRole('link', { name: 'Sign in' }).isVisible()).toBe(true)
    await page.screenshot({ path: `${screenshots}/signed-out.png` })
  })

  it('made the browser complain about nothing', () => {
    expect(complaints).toEqual([])
  })

  async function open(path: string): Promise<Page> {
    const page = await context.newPage()
    page.on('console', (message) => {
      if (['warning', 'error'].includes(message.type())) complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`${system.url}${path}`)
    return page
  }

  /** As a script of the page would: with the session's cookie, from the page's own origin. */
  function ask<Data>(page: Page, query: string, variables: unknown = {}): Promise<Data> {
    return page.evaluate(async (body) => {
      const session = (await (await fetch('/auth/session')).json()) as { csrf_token?: string }
      const response = await fetch('/graphql', {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(session.csrf_token === undefined ? {} : { 'x-csrf-token': session.csrf_token }),
        },
        body,
      })
      const { data, errors } = (await response.json()) as { data?: unknown; errors?: unknown }
      if (errors !== undefined) throw new Error(JSON.stringify(errors))
      return data as never
    }, JSON.stringify({ query, variables }))
  }

  async function write(page: Page, legacyId: string, title: string): Promise<void> {
    await ask(
      page,
      `mutation ($input: CreateStoryInput!) { createStory(input: $input) { story { id } } }`,
      { input: { legacyId, title, body: title } },
    )
  }
})
