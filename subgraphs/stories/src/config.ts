import { AppError } from '@heirloom/errors'
import {
  optional,
  readRelayConfig,
  readRoles,
  readServerConfig,
  type Env,
  type RelayConfig,
  type ServerConfig,
} from '@heirloom/subgraph'

export interface StoriesConfig {
  /** Null in a process that only relays events. */
  readonly api: ServerConfig | null
  /** Null in a process that only serves requests. */
  readonly relay: RelayConfig | null
  /** What the mailer has too, to open the secrets of invitations; null where there is no mailer. */
  readonly mailerKey: Buffer | null
}

const defaultPort = 4101
const mailerKeyBytes = 32

/** @throws AppError INVALID_INPUT that names the variable */
export function readConfig(env: Env): StoriesConfig {
  const { api, worker } = readRoles(env)
  return Object.freeze({
    api: api ? readServerConfig(env, defaultPort) : null,
    relay: worker ? readRelayConfig(env) : null,
    mailerKey: readMailerKey(env),
  })
}

function readMailerKey(env: Env): Buffer | null {
  const text = optional(env, 'MAILER_KEY', '')
  if (text === '') return null
  const key = Buffer.from(text, 'base64')
  if (key.length === mailerKeyBytes) return key
  throw new AppError('INVALID_INPUT', `MAILER_KEY must be base64 of ${mailerKeyBytes} bytes`)
}
