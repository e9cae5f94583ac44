import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { env } from 'node:process'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ResolveHost } from './guarded-connect.js'
import type { OutgoingPolicy } from './outgoing-policy.js'
import { createOutgoing, type Outgoing, type OutgoingRequest } from './outgoing.js'

/** Public by the registries, allocated to nobody: a connection to it comes to nothing. */
const unallocated = '2fff::1'
const maxBytes = 100_000

interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}
type Answer = (response: ServerResponse) => void

/** A real server on loopback: where nobody but the allow-list may lead. */
async function startTarget() {
  const seen: Seen[] = []
  const answers = new Map<string, Answer>()
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      seen.push({ method, path, headers, body: Buffer.concat(parts).toString() })
      const answer = answers.get(path) ?? ((plain: ServerResponse) => plain.end('reached'))
      answer(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    port,
    origin: `http://127.0.0.1:${port}`,
    seen,
    on: (path: string, answer: Answer) => void answers.set(path, answer),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

type Target = Awaited<ReturnType<typeof startTarget>>

let target: Target
let other: Target
const opened: Outgoing[] = []

beforeAll(async () => {
  target = await startTarget()
  other = await startTarget()
})
afterAll(() => {
  target.close()
  other.close()
})
afterEach(async () => {
  target.seen.length = 0
  other.seen.length = 0
  vi.unstubAllEnvs()
  await Promise.all(opened.splice(0).map((one) => one.close()))
})

function outgoing(policy: Partial<OutgoingPolicy> = {}, resolve?: ResolveHost): Outgoing {
  const one = createOutgoing({
    policy: {
      allowedOrigins: new Set([target.origin, other.origin]),
      timeoutMs: 5_000,
      maxBytes,
      ...policy,
    },
    ...(resolve === undefined ? {} : { resolve }),
  })
  opened.push(one)
  return one
}

/** As in a lab, but with nothing allowed by its origin. */
const guarded = (resolve?: ResolveHost) =>
  outgoing(
    { allowedOrigins: new Set(), plainHttp: true, ports: new Set([443, target.port]) },
    resolve,
  )

const refusal = (reason: string) => ({ code: 'OUTGOING_REFUSED', status: 403, details: { reason } })
const failure = (reason: string) => ({ code: 'OUTGOING_FAILED', details: { reason } })
const redirectTo = (location: string, status = 302): Answer => {
  return (response) => response.writeHead(status, { location }).end('elsewhere')
}

describe('an address that is refused before anything is sent', () => {
  it.each([
    ['loopback', '127.0.0.1'],
    ['loopback in octal', '0177.0.0.1'],
    ['loopback in hexadecimal', '0x7f000001'],
    ['loopback as one number', '2130706433'],
    ['loopback in short', '127.1'],
    ['loopback of IPv6', '[::1]'],
    ['loopback mapped into IPv6', '[::ffff:127.0.0.1]'],
    ['nothing at all', '0.0.0.0'],
    ['the metadata of a cloud', '169.254.169.254'],
    ['the same through NAT64', '[64:ff9b::a9fe:a9fe]'],
    ['the same through 6to4', '[2002:a9fe:a9fe::]'],
    ['a private network', '10.0.0.1'],
    ['a shared address', '100.64.0.1'],
    ['this machine by name', 'localhost'],
    ['a name of the network we run in', 'stories'],
  ])('%s', async (_title, host) => {
    const call = guarded().fetch(`http://${host}:${target.port}/`)
    await expect(call).rejects.toMatchObject(refusal('address'))
    expect(target.seen).toEqual([])
  })

  it.each([
    ['http', 'http://plugins.example.org/', 'scheme'],
    ['a file', 'file:///etc/passwd', 'scheme'],
    ['another protocol', 'gopher://plugins.example.org/', 'scheme'],
    ['a page in itself', 'data:text/plain,hello', 'scheme'],
    ['credentials', 'https://name:secret@plugins.example.org/', 'credentials'],
    ['a port of something else', 'https://plugins.example.org:6379/', 'port'],
    ['no address', 'plugins.example.org', 'url'],
    ['an endless one', `https://plugins.example.org/${'a'.repeat(3_000)}`, 'url'],
  ])('%s', async (_title, url, reason) => {
    await expect(outgoing().fetch(url)).rejects.toMatchObject(refusal(reason))
  })
})

describe('a name', () => {
  const loopback = { address: '127.0.0.1', family: 4 }

  it('that resolves to loopback is refused, and is told nothing of what it resolved to', async () => {
    const call = guarded(() => Promise.resolve([loopback])).fetch(
      `http://plugins.example.org:${target.port}/`,
    )
    await expect(call).rejects.toMatchObject(refusal('address'))
    await expect(call).rejects.not.toThrow(/127/)
    expect(target.seen).toEqual([])
  })

  it('that resolves to a public address and a private one is refused', async () => {
    const both = [{ address: unallocated, family: 6 }, loopback]
    const call = guarded(() => Promise.resolve(both)).fetch(
      `http://plugins.example.org:${target.port}/`,
    )
    await expect(call).rejects.toMatchObject(refusal('address'))
    expect(target.seen).toEqual([])
  })

  it('that changes its mind between two lookups is asked once, and its first answer counts', async () => {
    const answers = [{ address: unallocated, family: 6 }, loopback, loopback]
    let lookups = 0
    const rebinding: ResolveHost = () => {
      const answer = answers[lookups] ?? loopback
      lookups += 1
      return Promise.resolve([answer])
    }
    const call = guarded(rebinding).fetch(`http://plugins.example.org:${target.port}/`)
    await expect(call).rejects.toMatchObject({
      code: expect.stringMatching(/OUTGOING_FAILED|TIMEOUT/) as string,
    })
    expect({ lookups, seen: target.seen }).toEqual({ lookups: 1, seen: [] })
  })

  it('that nobody knows fails, and may be tried again', async () => {
    const unknown = () => Promise.reject(new Error('ENOTFOUND'))
    const call = guarded(unknown).fetch(`http://plugins.example.org:${target.port}/`)
    await expect(call).rejects.toMatchObject({ ...failure('unreachable'), retryable: true })
  })
})

describe('an origin on the allow-list', () => {
  it('is called wherever it is', async () => {
    const answer = await outgoing().fetch(`${target.origin}/hello`)
    expect(answer).toMatchObject({ status: 200, url: `${target.origin}/hello` })
    expect(Buffer.from(answer.body).toString()).toBe('reached')
  })

  it('stands for itself alone, not for another port of its host', async () => {
    const one = outgoing({ allowedOrigins: new Set([target.origin]) })
    await expect(one.fetch(other.origin)).rejects.toMatchObject(refusal('scheme'))
  })

  it('is called directly, whatever proxy the environment names', async () => {
    for (const name of ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'ALL_PROXY']) {
      vi.stubEnv(name, other.origin)
    }
    vi.stubEnv('NODE_USE_ENV_PROXY', '1')
    expect(env['HTTP_PROXY']).toBe(other.origin)
    await outgoing().fetch(target.origin)
    expect([target.seen.length, other.seen.length]).toEqual([1, 0])
  })
})

describe('a redirect', () => {
  it.each([
    ['to the metadata of a cloud', 'https://169.254.169.254/latest/meta-data', 'address'],
    ['to a private host', 'https://[fd00::1]/', 'address'],
    ['to a file', 'file:///etc/passwd', 'scheme'],
    ['with credentials', 'https://name:secret@plugins.example.org/', 'credentials'],
  ])('%s is refused', async (_title, location, reason) => {
    target.on('/away', redirectTo(location))
    const call = outgoing().fetch(`${target.origin}/away`)
    await expect(call).rejects.toMatchObject(refusal(reason))
  })

  it('to a name that resolves to loopback is refused', async () => {
    target.on('/away', redirectTo(`http://plugins.example.org:${other.port}/`))
    const one = outgoing({ plainHttp: true, ports: new Set([other.port]) }, () =>
      Promise.resolve([{ address: '127.0.0.1', family: 4 }]),
    )
    await expect(one.fetch(`${target.origin}/away`)).rejects.toMatchObject(refusal('address'))
    expect(other.seen).toEqual([])
  })

  it('is followed three times, and not a fourth', async () => {
    for (const step of [1, 2, 3, 4]) target.on(`/${step}`, redirectTo(`/${step - 1}`))
    const answer = await outgoing().fetch(`${target.origin}/3`)
    expect(answer).toMatchObject({ status: 200, url: `${target.origin}/0` })
    const call = outgoing().fetch(`${target.origin}/4`)
    await expect(call).rejects.toMatchObject(refusal('redirects'))
  })

  it('to itself ends', async () => {
    target.on('/loop', redirectTo('/loop'))
    const call = outgoing().fetch(`${target.origin}/loop`)
    await expect(call).rejects.toMatchObject(refusal('redirects'))
  })

  it('to another origin takes no credentials along', async () => {
    target.on('/away', redirectTo(`${other.origin}/`))
    const headers = { authorization: 'Bearer secret', cookie: 'a=b', 'x-trace': 'kept' }
    await outgoing().fetch(`${target.origin}/away`, { headers })
    expect(other.seen[0]?.headers).toMatchObject({ 'x-trace': 'kept' })
    expect(other.seen[0]?.headers).not.toHaveProperty('authorization')
    expect(other.seen[0]?.headers).not.toHaveProperty('cookie')
  })

  it.each([
    [302, 'GET', ''],
    [303, 'GET', ''],
    [307, 'POST', '{}'],
    [308, 'POST', '{}'],
  ])('by %i of a POST becomes a %s', async (status, method, body) => {
    target.on('/away', redirectTo(`${other.origin}/`, status))
    const request: OutgoingRequest = {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    }
    await outgoing().fetch(`${target.origin}/away`, request)
    expect(other.seen).toMatchObject([{ method, body }])
  })
})

describe('an answer', () => {
  it('whose body drips is given up in time', async () => {
    target.on('/drip', (response) => {
      const timer = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(timer))
    })
    const call = outgoing({ timeoutMs: 300 }).fetch(`${target.origin}/drip`)
    await expect(call).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('that never begins is given up in time', async () => {
    target.on('/never', () => undefined)
    const call = outgoing({ timeoutMs: 300 }).fetch(`${target.origin}/never`)
    await expect(call).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('that has no end is cut off', async () => {
    target.on('/endless', (response) => {
      const more = () => {
        while (response.write('x'.repeat(10_000)));
      }
      response.on('drain', more)
      more()
    })
    const call = outgoing().fetch(`${target.origin}/endless`)
    await expect(call).rejects.toMatchObject(failure('too_large'))
  })

  it('that announces to be too large is not read', async () => {
    target.on('/large', (response) => {
      response.writeHead(200, { 'content-length': String(maxBytes + 1) })
      response.write('x')
    })
    const call = outgoing().fetch(`${target.origin}/large`)
    await expect(call).rejects.toMatchObject(failure('too_large'))
  })

  it.each([
    ['gzip', gzipSync(Buffer.alloc(50_000_000))],
    ['br', brotliCompressSync(Buffer.alloc(5_000_000))],
  ])('that unpacks to far more than it is, as %s, is cut off', async (encoding, bomb) => {
    expect(bomb.byteLength).toBeLessThan(maxBytes)
    target.on('/bomb', (response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end(bomb)
    })
    const call = outgoing().fetch(`${target.origin}/bomb`)
    await expect(call).rejects.toMatchObject(failure('too_large'))
  })

  it('that is compressed comes unpacked', async () => {
    target.on('/zip', (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('hello'))
    })
    const { body } = await outgoing().fetch(`${target.origin}/zip`)
    expect(Buffer.from(body).toString()).toBe('hello')
  })

  it.each(['deflate', 'gzip, gzip', 'toString'])('encoded as %s is refused', async (encoding) => {
    target.on('/odd', (response) => {
      response.writeHead(200, { 'content-encoding': encoding }).end('x')
    })
    const call = outgoing().fetch(`${target.origin}/odd`)
    await expect(call).rejects.toMatchObject(failure('encoding'))
  })

  it('that is not what it says to be fails', async () => {
    target.on('/lie', (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end('plain')
    })
    const call = outgoing().fetch(`${target.origin}/lie`)
    await expect(call).rejects.toMatchObject(failure('unreachable'))
  })

  it('is waited for no longer when the caller gives up', async () => {
    target.on('/never', () => undefined)
    const given = new AbortController()
    const call = outgoing().fetch(`${target.origin}/never`, { signal: given.signal })
    given.abort(new Error('gave up'))
    await expect(call).rejects.toThrow('gave up')
  })
})
