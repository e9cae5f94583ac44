import { createLeanClient, type HttpClient } from '@heirloom/gateway/federation'
import type { Contender } from './contenders.js'
import { variants, type Shape } from './shapes.js'

export interface Round {
  readonly perSecond: number
  readonly cpuMs: number
  readonly latencies: readonly number[]
}

const timeoutMs = 60_000

/** The bodies of a shape's requests, in their order, over and over. */
export function bodiesOf({ query, variables }: Shape): readonly string[] {
  return Array.from({ length: variants }, (_, n) =>
    JSON.stringify({ query, variables: variables(n) }),
  )
}

export function clientOf(url: string, connections: number): HttpClient {
  return createLeanClient({
    url: new URL(url),
    maxConnections: connections,
    connectTimeoutMs: 5_000,
    maxAnswerBytes: 64 * 1024 * 1024,
    keepAliveMs: 60_000,
  })
}

export async function ask(client: HttpClient, body: string): Promise<string> {
  const { text } = await client.post({ fields: '', body, isRepeatable: true, timeoutMs })
  return text
}

/** So many connections ask again as soon as they are answered, for so long. */
export async function measure(
  contender: Contender,
  bodies: readonly string[],
  { connections, roundMs }: { readonly connections: number; readonly roundMs: number },
): Promise<Round> {
  const client = clientOf(contender.url, connections)
  const latencies: number[] = []
  let next = 0
  const cpuBefore = contender.cpuMs()
  const started = performance.now()
  const worker = async (): Promise<void> => {
    for (;;) {
      const sent = performance.now()
      if (sent - started > roundMs) return
      const body = bodies[next % bodies.length] ?? ''
      next += 1
      await ask(client, body)
      latencies.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: connections }, worker))
  const seconds = (performance.now() - started) / 1_000
  const cpuMs = (contender.cpuMs() - cpuBefore) / latencies.length
  client.close()
  return { perSecond: latencies.length / seconds, cpuMs, latencies }
}
