import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

const reconnectDelayMs = 500
const connectTimeoutMs = 10_000
const keepAliveAfterMs = 10_000
const goodbyeTimeoutMs = 1_000

/**
 * Calls `onNotify` with the payload of each NOTIFY on `channel`, over a connection of its own
 * that is opened again when it breaks. A notification is a hint and may be lost (while the
 * connection is down, for one): `onNotify` is called with an empty payload after each
 * (re)connect, and callers must poll as well.
 * Resolves, when `signal` aborts, after the connection is closed.
 */
export async function listen(
  url: string,
  channel: string,
  onNotify: (payload: string) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    await listenOnce(url, channel, onNotify, signal)
    await delay(reconnectDelayMs, undefined, { signal }).catch(() => undefined)
  }
}

async function listenOnce(
  url: string,
  channel: string,
  onNotify: (payload: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    application_name: `listen ${channel}`,
    connectionTimeoutMillis: connectTimeoutMs,
    // Nothing is ever sent on this connection: only probes find out that the other side is gone.
    keepAlive: true,
    keepAliveInitialDelayMillis: keepAliveAfterMs,
  })
  const over = new AbortController()
  const ended = new Promise<void>((resolve) => {
    client.on('error', () => resolve())
    client.on('end', () => resolve())
    signal.addEventListener('abort', () => resolve(), { once: true, signal: over.signal })
  })
  client.on('notification', (message) => onNotify(message.payload ?? ''))
  try {
    // Whichever comes first: an abort ends the wait for a server that does not answer.
    await Promise.race([subscribe(client, channel).then(() => onNotify('')), ended])
    await ended
  } catch {
    // The server is away: the caller polls meanwhile, and the loop above connects again.
  } finally {
    over.abort()
    await close(client)
  }
}

async function subscribe(client: pg.Client, channel: string): Promise<void> {
  await client.connect()
  await client.query(`listen ${client.escapeIdentifier(channel)}`)
}

/** A goodbye, but not to somebody who does not answer. */
async function close(client: pg.Client): Promise<void> {
  const said = client.end().catch(() => undefined)
  const waited = new AbortController()
  const patience = delay(goodbyeTimeoutMs, undefined, { signal: waited.signal })
  await Promise.race([said, patience.catch(() => undefined)])
  waited.abort()
}
