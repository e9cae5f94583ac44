import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect } from '../testing/follow.js'
import { startTestGateway, type TestGateway } from '../testing/test-gateway.js'

const query = '{ whoami { ip userAgent plugin } }'
const claimed = { 'user-agent': 'Test/1.0', 'x-forwarded-for': '6.6.6.6, 198.51.100.1' }

describe.each([
  ['nobody', [], /^(127\.0\.0\.1|::1)$/],
  ['a proxy', ['loopback'], /^198\.51\.100\.1$/],
] as const)('where the word of %s is taken', (_who, trustedProxies, ip) => {
  let gateway: TestGateway
  let token: string
  beforeAll(async () => {
    gateway = await startTestGateway({ config: { trustedProxies } })
    token = await gateway.serviceToken()
  })
  afterAll(() => gateway.close())

  /** Differently spelled, the type leads past the fast path. */
  it.each(['application/json', 'application/json;charset=UTF-8'])(
    'a request by POST tells subgraphs from where it came: %s',
    async (type) => {
      const response = await fetch(`${gateway.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': type, authorization: `Bearer ${token}`, ...claimed },
        body: JSON.stringify({ query }),
      })
      expect(await response.json()).toEqual({
        data: { whoami: { ip: expect.stringMatching(ip), userAgent: 'Test/1.0', plugin: null } },
      })
    },
  )

  it('a socket does', async () => {
    const { client, follow } = connect(gateway.url, { token, headers: claimed })
    const result = await follow(query).next()
    expect(result?.data).toMatchObject({
      whoami: { ip: expect.stringMatching(ip), userAgent: 'Test/1.0' },
    })
    await client.dispose()
  })

  it('a token may name the plugin through which its subject acts', async () => {
    const forged = await gateway.forge({ plugin: 'letter-translator' })
    const { data } = await gateway.client(forged)(query)
    expect(data?.['whoami']).toMatchObject({ plugin: 'letter-translator' })
  })
})
