import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startBus, type EmbeddedBus } from './bus.js'

let dataDir: string
let bus: EmbeddedBus
const origin = 'http://localhost:4000'

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'heirloom-bus-'))
  bus = await startBus({ dataDir, corsOrigins: [origin] })
})

afterEach(async () => {
  await bus.close()
  await rm(dataDir, { recursive: true, force: true })
})

async function restart(): Promise<void> {
  const port = Number(new URL(bus.endpoint).port)
  await bus.close()
  bus = await startBus({ dataDir, port })
}

async function publish(message: string, group: string): Promise<void> {
  const response = await fetch(bus.endpoint, {
    method: 'POST',
    body: new URLSearchParams({
      Action: 'Publish',
      TopicArn: bus.topicArn,
      Message: message,
      MessageGroupId: group,
      MessageDeduplicationId: message,
    }),
  })
  expect(response.status).toBe(200)
}

interface Received {
  readonly Messages?: readonly { readonly Body: string; readonly ReceiptHandle: string }[]
}

async function sqs(action: string, body: Record<string, unknown>): Promise<Received> {
  const response = await fetch(bus.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `AmazonSQS.${action}`,
    },
    body: JSON.stringify(body),
  })
  expect(response.status).toBe(200)
  return (await response.json().catch(() => ({}))) as Received
}

async function receive(queueUrl: string): Promise<NonNullable<Received['Messages']>> {
  const { Messages = [] } = await sqs('ReceiveMessage', {
    QueueUrl: queueUrl,
    MaxNumberOfMessages: 10,
  })
  return Messages
}

describe('the embedded bus', () => {
  it('listens on loopback alone', () => {
    expect(new URL(bus.endpoint).hostname).toBe('127.0.0.1')
  })

  it('delivers an event, as it was published, to the queue of each consumer', async () => {
    await publish('{"id":"1"}', 'a')
    for (const url of Object.values(bus.queueUrls)) {
      expect((await receive(url)).map(({ Body }) => Body)).toEqual(['{"id":"1"}'])
    }
  })

  it('keeps what was not acknowledged across a restart, in order, and nothing else', async () => {
    const queue = bus.queueUrls['search-indexer']
    await publish('one', 'group')
    await publish('two', 'group')
    await publish('three', 'group')
    const [first] = await receive(queue)
    await sqs('DeleteMessage', { QueueUrl: queue, ReceiptHandle: first?.ReceiptHandle })
    const [inFlight] = await receive(queue)
    expect(inFlight?.Body).toBe('two')
    await restart()
    const [second] = await receive(queue)
    expect(second?.Body).toBe('two')
    await sqs('DeleteMessage', { QueueUrl: queue, ReceiptHandle: second?.ReceiptHandle })
    expect((await receive(queue)).map(({ Body }) => Body)).toEqual(['three'])
  })

  it('keeps objects, their type and their metadata across a restart', async () => {
    const url = `${bus.endpoint}/${bus.bucket}/t_haworth/parsonage.jpg`
    const put = await fetch(url, {
      method: 'PUT',
      headers: { 'content-type': 'image/jpeg', 'x-amz-meta-taken': '1860' },
      body: Buffer.from([1, 2, 3]),
    })
    expect(put.status).toBe(200)
    await restart()
    const got = await fetch(url)
    expect(got.headers.get('content-type')).toBe('image/jpeg')
    expect(got.headers.get('x-amz-meta-taken')).toBe('1860')
    expect(got.headers.get('etag')).toBe(put.headers.get('etag'))
    expect([...new Uint8Array(await got.arrayBuffer())]).toEqual([1, 2, 3])
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(204)
    await restart()
    expect((await fetch(url)).status).toBe(404)
  })

  it('takes an upload of more than 11 MiB', async () => {
    const url = `${bus.endpoint}/${bus.bucket}/large`
    const size = 13 * 1024 * 1024
    expect((await fetch(url, { method: 'PUT', body: Buffer.alloc(size, 1) })).status).toBe(200)
    expect((await fetch(url, { method: 'HEAD' })).headers.get('content-length')).toBe(String(size))
  })

  it('lets the pages of the given origin upload, and those of no other', async () => {
    const preflight = (from: string): Promise<Response> =>
      fetch(`${bus.endpoint}/${bus.bucket}/x`, {
        method: 'OPTIONS',
        headers: {
          origin: from,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'content-type',
        },
      })
    const allowed = await preflight(origin)
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origin)
    expect(
      (await preflight('http://evil.test')).headers.get('access-control-allow-origin'),
    ).toBeNull()
  })

  it('says which port is taken', async () => {
    const port = Number(new URL(bus.endpoint).port)
    await expect(startBus({ port })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(String(port)) as string,
    })
  })
})
