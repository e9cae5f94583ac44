/**
 * RevocationTable on Redis: one string per token, `{revokedAt} {expiresAt}` in milliseconds, under
 * `{prefix}:{tenant}/{database}:{hash}`, which Redis removes when its time is over. A script makes
 * reading and replacing one step. The ttl is relative, so that the clocks of this process and of
 * Redis need not agree. What Redis acknowledged survives its crash only as far as its appendonly
 * setting says: with the default `everysec`, a second of revocations can be lost.
 */
import { createClient, type RedisClientType } from '@redis/client'
import { AppError } from '@heirloom/errors'
import { scopedId } from '../../documents/ids.js'
import type { RevocationTable } from '../../documents/revocation-table.js'

export interface RedisConfig {
  /** `redis://user:password@host:port/db` or `rediss:`. */
  readonly url: string
  readonly prefix?: string
}

const defaultPrefix = 'heirloom:rev'
const timeoutMs = 5_000
const maxReconnectDelayMs = 1_000

// Merges with what is there; KEYS[1] the entry, ARGV: revokedAt, expiresAt, now.
const addScript = `
local revoked, expires = tonumber(ARGV[1]), tonumber(ARGV[2])
local old = redis.call('GET', KEYS[1])
if old then
  local r, e = string.match(old, '^(%d+) (%d+)$')
  if r then revoked = math.min(revoked, tonumber(r)); expires = math.max(expires, tonumber(e)) end
end
local ttl = expires - tonumber(ARGV[3])
redis.call('SET', KEYS[1], string.format('%.0f %.0f', revoked, expires), 'PX', string.format('%.0f', ttl))
return 1`

export function createRedisRevocationTable(config: RedisConfig): RevocationTable {
  const prefix = config.prefix ?? defaultPrefix
  const client: RedisClientType = createClient({
    url: config.url,
    // A command that finds no connection fails at once, instead of waiting in memory.
    disableOfflineQueue: true,
    socket: {
      connectTimeout: timeoutMs,
      socketTimeout: timeoutMs * 12,
      reconnectStrategy: (retries) =>
        Math.min(50 * 2 ** Math.min(retries, 10), maxReconnectDelayMs),
    },
    pingInterval: timeoutMs,
  })
  // The client reconnects by itself; without a listener an error would end the process.
  client.on('error', () => undefined)
  let connecting: Promise<unknown> | undefined

  async function run<T>(command: (client: RedisClientType) => Promise<T>): Promise<T> {
    try {
      connecting ??= client.connect()
      if (!client.isReady) await within(connecting, timeoutMs)
    } catch (cause) {
      throw unreachable(cause)
    }
    try {
      return await within(command(client), timeoutMs)
    } catch (cause) {
      throw cause instanceof AppError ? cause : unreachable(cause)
    }
  }

  return {
    add: async (scope, id, { revokedAt, expiresAt }, now) => {
      await run((redis) =>
        redis.eval(addScript, {
          keys: [`${prefix}:${scopedId(scope, id)}`],
          arguments: [revokedAt, expiresAt, now].map(String),
        }),
      )
    },
    read: async (scope, id) => {
      const text = await run((redis) => redis.get(`${prefix}:${scopedId(scope, id)}`))
      if (text === null) return null
      const [revokedAt, expiresAt] = text.split(' ').map(Number)
      if (
        revokedAt === undefined ||
        expiresAt === undefined ||
        Number.isNaN(revokedAt + expiresAt)
      ) {
        throw new AppError('INTERNAL', 'a revocation in Redis is not one of ours')
      }
      return { revokedAt, expiresAt }
    },
    // Redis has no indexes: what stands for them, the ttl, is set with each entry.
    ensureIndexes: async () => void (await run((redis) => redis.ping())),
    close: async () => {
      if (client.isOpen) client.destroy()
      await connecting?.catch(() => undefined)
    },
  }
}

function unreachable(cause: unknown): AppError {
  return new AppError('BACKEND_UNAVAILABLE', 'Redis cannot be reached', { cause })
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new AppError('TIMEOUT', 'Redis took too long')), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
