import { open, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { testLogger } from '@heirloom/testkit'
import { testSupergraph } from '../testing/subgraphs.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

// The file that the gateway watches, and what operators do to it.

const withinMs = 2_000
const everything = testSupergraph()
const without = (field: string): string => testSupergraph((sdl) => sdl.replace(field, ''))

const logger = testLogger()
let gateway: TestGateway
let token: string
let file: string

beforeAll(async () => {
  gateway = await startTestGateway({ logger })
  token = await gateway.serviceToken()
  file = String(gateway.config.supergraphFile)
})

afterAll(() => gateway.close())

async function ask(query: string): Promise<unknown> {
  const { data, errors } = await gateway.client(token)(query)
  return data ?? errors?.[0]?.['extensions']
}

async function untilServed(sdl: string): Promise<void> {
  await vi.waitFor(
    async () => {
      expect(await (await fetch(`${gateway.url}/schema/supergraph`)).text()).toBe(sdl)
    },
    { timeout: withinMs, interval: 50 },
  )
}

describe('the supergraph file', () => {
  it('is taken up when it has been written, in every place that knows the schema', async () => {
    const next = without('conflict: String')
    await writeFile(file, next)
    await untilServed(next)
    expect(await ask('{ conflict }')).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' })
    expect(await (await fetch(`${gateway.url}/schema`)).text()).not.toContain('conflict')
    expect((await fetch(`${gateway.url}/readyz`)).status).toBe(200)
    await writeFile(file, everything)
    await untilServed(everything)
    expect(await ask('{ conflict }')).toMatchObject({ conflict: null })
  })

  it('is taken up when another file takes its place, or a link leads elsewhere', async () => {
    const renamed = without('crash: String')
    await writeFile(`${file}.next`, renamed)
    await rename(`${file}.next`, file)
    await untilServed(renamed)

    // As Kubernetes does with a ConfigMap.
    await writeFile(`${file}.mounted`, everything)
    await symlink(`${file}.mounted`, `${file}.link`)
    await rename(`${file}.link`, file)
    await untilServed(everything)
    expect(await ask('{ crash }')).toMatchObject({ crash: null })
  })

  it('is never taken up by halves, however slowly it is written', async () => {
    const next = without('crash: String')
    await rm(file)
    const handle = await open(file, 'w')
    const seen = new Set<string>()
    for (let at = 0; at < next.length; at += 400) {
      await handle.write(next.slice(at, at + 400))
      seen.add(await (await fetch(`${gateway.url}/schema/supergraph`)).text())
    }
    await handle.close()
    await untilServed(next)
    expect([...seen].every((sdl) => sdl === everything || sdl === next)).toBe(true)
  })

  it('is served on when it goes away, or becomes something else', async () => {
    await writeFile(file, everything)
    await untilServed(everything)
    const errors = vi.spyOn(logger, 'error')
    await writeFile(file, 'type Query { nothing: Int }')
    await vi.waitFor(() => expect(errors).toHaveBeenCalledTimes(1), { timeout: withinMs })
    expect(String(errors.mock.calls[0]?.[1])).toContain('is refused')
    expect(await ask('{ entries }')).toEqual({ entries: 0 })
    const warnings = vi.spyOn(logger, 'warn')
    await rm(file)
    await vi.waitFor(() => expect(warnings).toHaveBeenCalledTimes(1), { timeout: withinMs })
    expect(String(warnings.mock.calls[0]?.[1])).toContain('is gone')
    expect(await ask('{ entries }')).toEqual({ entries: 0 })
    const next = without('crash: String')
    await writeFile(file, next)
    await untilServed(next)
  })
})
