/**
 * A cursor is a position that its holder can neither make nor move: `1.{kid}.{position}.{mac}`,
 * position in base 36, MAC = HMAC-SHA256 (RFC 2104) over version, kid, tenant, stream and position.
 * Tenant and stream are in the MAC only, so a cursor tells nothing about them, and fits nowhere
 * else. It is a position and no permission: whoever resumes is authorised anew.
 */
import { createHmac, timingSafeEqual, type Hmac } from 'node:crypto'
import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'
import type { Position } from './event-log.js'

export interface CursorKey {
  /** Letters, digits, - and _; in every cursor that the key signed. */
  readonly kid: string
  readonly secret: Uint8Array
}

/** Cursors of one stream of one tenant. */
export interface StreamCursors {
  encode(position: Position): string
  /** @throws AppError CURSOR_INVALID: malformed, forged, of another stream, tenant or lost key */
  decode(cursor: string): Position
}

export interface CursorCodec {
  for(tenant: TenantId, streamId: string): StreamCursors
}

const version = '1'
const cursorPattern = /^1\.([A-Za-z0-9_-]{1,32})\.(0|[1-9a-z][0-9a-z]{0,10})\.([A-Za-z0-9_-]{43})$/

/**
 * The first key signs, every key verifies: a new key goes first, and an old one is dropped when no
 * cursor that it signed matters any more.
 */
export function createCursorCodec(keys: readonly [CursorKey, ...CursorKey[]]): CursorCodec {
  const [signing] = keys
  return {
    for: (tenant, streamId) => ({
      encode: (position) => {
        const mac = macOf(signing, tenant, streamId, position).digest('base64url')
        return `${version}.${signing.kid}.${position.toString(36)}.${mac}`
      },
      decode: (cursor) => {
        const [, kid, text = '', mac = ''] = cursorPattern.exec(cursor) ?? []
        const key = keys.find((candidate) => candidate.kid === kid)
        const position = Number.parseInt(text, 36)
        if (key === undefined || !Number.isSafeInteger(position)) throw invalid()
        const given = Buffer.from(mac, 'base64url')
        const expected = macOf(key, tenant, streamId, position).digest()
        // The last character has two bits to spare: only its canonical form is taken.
        const canonical = given.toString('base64url') === mac
        if (!canonical || !timingSafeEqual(given, expected)) throw invalid()
        return position
      },
    }),
  }
}

const minSecretBytes = 32

/**
 * Reads `kid:base64,kid:base64`, the first of which signs.
 * @throws AppError INVALID_INPUT, and never repeats a secret
 */
export function parseCursorKeys(text: string): readonly [CursorKey, ...CursorKey[]] {
  const [first, ...others] = text.split(',').map(parseKey)
  if (first === undefined) throw new AppError('INVALID_INPUT', 'there is no cursor key')
  const keys = [first, ...others] as const
  if (new Set(keys.map((key) => key.kid)).size < keys.length) {
    throw new AppError('INVALID_INPUT', 'two cursor keys have the same name')
  }
  return keys
}

function parseKey(text: string): CursorKey {
  const [, kid, encoded] = /^\s*([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/_-]+=*)\s*$/.exec(text) ?? []
  const secret = Buffer.from(encoded ?? '', 'base64')
  if (kid === undefined || secret.length < minSecretBytes) {
    throw new AppError(
      'INVALID_INPUT',
      `cursor keys are given as kid:base64, each of at least ${minSecretBytes} bytes`,
    )
  }
  return { kid, secret }
}

function macOf(key: CursorKey, tenant: TenantId, streamId: string, position: Position): Hmac {
  const what = JSON.stringify([version, key.kid, tenant, streamId, position])
  return createHmac('sha256', key.secret).update(what)
}

function invalid(): AppError {
  return new AppError('CURSOR_INVALID', 'this is no cursor of this stream; start without "after"')
}
