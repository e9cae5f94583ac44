import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { exportJWK, generateKeyPair, type JSONWebKeySet } from 'jose'
import { keptSecret } from '../secrets.js'

/** Made once per data folder: sessions, cursors and internal tokens stay good across restarts. */
export interface Keys {
  readonly internalKeysFile: string
  /** kid:base64, the form in which services take them from the environment. */
  readonly sessionKeys: string
  readonly streamCursorKeys: string
}

const keyBytes = 32

export async function openKeys(folder: string): Promise<Keys> {
  const internalKeysFile = join(folder, 'internal-keys.json')
  await keptSecret<JSONWebKeySet>(internalKeysFile, newSigningKeys)
  return {
    internalKeysFile,
    sessionKeys: await keptSecret(join(folder, 'session-keys.json'), newKey),
    streamCursorKeys: await keptSecret(join(folder, 'stream-cursor-keys.json'), newKey),
  }
}

async function newSigningKeys(): Promise<JSONWebKeySet> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const key = await exportJWK(privateKey)
  return { keys: [{ ...key, kid: newKid(), alg: 'EdDSA', use: 'sig' }] }
}

function newKey(): string {
  return `${newKid()}:${randomBytes(keyBytes).toString('base64')}`
}

function newKid(): string {
  return randomBytes(6).toString('hex')
}
