import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createPeer, type Peer } from './peer.js'

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** A peer that gives one answer to everything. */
async function peerThatAnswers(status: number, body: unknown): Promise<Peer> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return createPeer('stories', `http://127.0.0.1:${port}/graphql`)
}

describe('a peer subgraph', () => {
  it('knows the entities that it names, and no others', async () => {
    const peer = await peerThatAnswers(200, { data: { _entities: [{ id: 'a' }, null] } })
    expect(await peer.existing('Legacy', ['a', 'b'], 'Bearer x')).toEqual(new Set(['a']))
    await peer.require('Legacy', 'a', 'Bearer x')
    await expect(peer.require('Legacy', 'b', 'Bearer x')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  it('says which legacy an entity belongs to', async () => {
    const story = { id: 'a', legacy: { id: 'l' } }
    const peer = await peerThatAnswers(200, { data: { _entities: [story] } })
    expect(await peer.legacyOf('Story', 'a', 'Bearer x')).toBe('l')
    const none = await peerThatAnswers(200, { data: { _entities: [null] } })
    await expect(none.legacyOf('Story', 'a', 'Bearer x')).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })

  it('does not take an entity that failed for one that is not there', async () => {
    const peer = await peerThatAnswers(200, {
      data: { _entities: [null] },
      errors: [{ message: 'the database is away', extensions: { code: 'BACKEND_UNAVAILABLE' } }],
    })
    await expect(peer.require('Legacy', 'a', 'Bearer x')).rejects.toMatchObject({
      code: 'BACKEND_UNAVAILABLE',
    })
  })

  it('passes on why the peer refused the token', async () => {
    const peer = await peerThatAnswers(401, {
      error: { message: 'the token has expired', code: 'TOKEN_EXPIRED' },
    })
    await expect(peer.require('Legacy', 'a', 'Bearer x')).rejects.toMatchObject({
      code: 'TOKEN_EXPIRED',
    })
  })

  it('says that the peer is unavailable when it is away or talks nonsense', async () => {
    const nonsense = await peerThatAnswers(200, {})
    await expect(nonsense.require('Legacy', 'a', '')).rejects.toMatchObject({
      code: 'SUBGRAPH_UNAVAILABLE',
    })
    const away = createPeer('stories', 'http://127.0.0.1:1/graphql')
    await expect(away.require('Legacy', 'a', '')).rejects.toMatchObject({
      code: 'SUBGRAPH_UNAVAILABLE',
    })
  })

  it('asks nothing when there is nothing to ask', async () => {
    const away = createPeer('stories', 'http://127.0.0.1:1/graphql')
    expect(await away.existing('Legacy', [], '')).toEqual(new Set())
  })
})
