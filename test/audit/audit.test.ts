import { execFile } from 'node:child_process'
import { execPath } from 'node:process'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually, startSystem, type System } from '@heirloom/testkit'
import { root } from '../support/repository.js'
import { superuserUrl } from '../support/rows.js'

const run = promisify(execFile)
const services = ['stories', 'graph', 'media', 'storage', 'plugins']

interface Entry {
  readonly action: string
  readonly actor: string
  readonly outcome: string
  readonly sourceIp: string | null
  readonly userAgent: string | null
  readonly correlationId: string
  readonly seal: { readonly position: number } | null
}
type Lists = Readonly<Record<string, { readonly nodes: readonly Entry[] } | null>>

/** The audit log of the whole system: through the gateway, and past it. */
describe('the audit log', () => {
  let system: System
  let token: string
  beforeAll(async () => {
    system = await startSystem()
    token = await system.token('t_haworth')
  }, 120_000)
  afterAll(() => system.stop())

  async function ask<Data>(query: string, headers: Record<string, string> = {}): Promise<Data> {
    const response = await fetch(`${system.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      body: JSON.stringify({ query }),
    })
    const { data, errors } = (await response.json()) as { data: Data; errors?: unknown }
    if (errors !== undefined) throw new Error(JSON.stringify(errors))
    return data
  }

  const fields = 'action actor outcome sourceIp userAgent correlationId seal { position }'
  const lists = services.map((name) => `${name}(first: 100) { nodes { ${fields} } }`).join(' ')
  const read = async (): Promise<Lists> =>
    (await ask<{ audit: Lists }>(`{ audit { ${lists} } }`)).audit

  const createLegacy = (title: string, requestId: string) =>
    ask(`mutation { createLegacy(input: { title: "${title}" }) { legacy { id } } }`, {
      'user-agent': 'Quill/1.0',
      'x-forwarded-for': '6.6.6.6',
      'x-request-id': requestId,
    })

  async function heirloom(...argv: string[]): Promise<{ code: unknown; out: string }> {
    const main = `${root}packages/cli/dist/main.js`
    const options = { cwd: root, env: { PATH: process.env['PATH'] } }
    const all = [main, 'audit', ...argv, '--data-dir', system.dataDir]
    try {
      return { code: 0, out: (await run(execPath, all, options)).stdout }
    } catch (error) {
      const { code, stdout } = error as { code: unknown; stdout: string }
      return { code, out: stdout }
    }
  }

  it('is one answer of all services, and tells who did what, from where, in which request', async () => {
    await createLegacy('The Brontës of Thornton', 'request-thornton')
    const audit = await read()
    expect(Object.keys(audit)).toEqual(services)
    expect(audit['stories']?.nodes[0]).toMatchObject({
      action: 'legacy:create',
      actor: 'service:cli',
      outcome: 'DONE',
      sourceIp: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
      userAgent: 'Quill/1.0',
      correlationId: 'request-thornton',
    })
    // The seed wrote through the gateway too.
    expect(audit['graph']?.nodes.length).toBeGreaterThan(0)
    expect(audit['media']?.nodes.length).toBeGreaterThan(0)
  })

  it('is sealed by each service, also after one of them was killed', async () => {
    await system.killed('stories')
    await createLegacy('The Brontës of Hartshead', 'request-hartshead')
    await eventually(async () => {
      const all = Object.values(await read()).flatMap((list) => list?.nodes ?? [])
      return all.length > 0 && all.every(({ seal }) => seal !== null)
    })
    const { code, out } = await heirloom('verify')
    expect(code).toBe(0)
    for (const name of services) expect(out).toMatch(`heirloom_${name}: `)
    expect(out.match(/nothing found/g)).toHaveLength(services.length)
  })

  it('is found altered by the command line', async () => {
    const { out: heads } = await heirloom('head')
    expect(heads).toContain('"tenant":"t_haworth"')
    const client = new pg.Client({
      connectionString: await superuserUrl(system.dataDir, 'heirloom_stories'),
    })
    await client.connect()
    await client.query(`set session_replication_role = replica`)
    await client.query(`update audit_entry set actor = 'user:somebody-else'
      where correlation_id = 'request-thornton'`)
    await client.end()
    const { code, out } = await heirloom('verify')
    expect(code).toBe(1)
    expect(out).toMatch(/heirloom_stories {2}t_haworth {2}ALTERED {2}what stands at link \d+/)
  })
})
