import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'

const reconnectDelayMs = 500

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
  const client = new pg.Client({ connectionString: url, application_name: `listen ${channel}` })
  const ended = new Promise<void>((resolve) => {
    client.on('error', () => resolve())
    client.on('end', () => resolve())
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  client.on('notification', (message) => onNotify(message.payload ?? ''))
  try {
    await client.connect()
    await client.query(`listen ${client.escapeIdentifier(channel)}`)
    onNotify('')
    await ended
  } catch {
    // The server is away: the caller polls meanwhile, and the loop above connects again.
  } finally {
    await client.end().catch(() => undefined)
  }
}
