import { PassThrough, type Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createBrotliDecompress, createGunzip } from 'node:zlib'
import { failed } from './outgoing-errors.js'

export const acceptedEncodings = 'gzip, br'

const decoders: Readonly<Record<string, () => Transform>> = {
  identity: () => new PassThrough(),
  gzip: () => createGunzip(),
  br: () => createBrotliDecompress(),
}

/**
 * The whole body, decoded; never more of it in memory than `maxBytes` and a chunk, however well it
 * was compressed.
 * @throws AppError OUTGOING_FAILED
 */
export async function readBody(
  body: Readable,
  encoding: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const decoder = Object.hasOwn(decoders, encoding) ? decoders[encoding] : undefined
  if (decoder === undefined) {
    body.on('error', () => undefined).destroy()
    throw failed('encoding', 'the answer is encoded in a way that was not asked for')
  }
  const parts: Uint8Array[] = []
  let bytes = 0
  try {
    await pipeline(body, decoder(), async (source: AsyncIterable<Uint8Array>) => {
      for await (const part of source) {
        bytes += part.byteLength
        if (bytes > maxBytes) return
        parts.push(part)
      }
    })
  } catch (error) {
    // To stop in the middle is an error of the streams, whose wording depends on who notices first.
    if (bytes <= maxBytes) throw error
  }
  if (bytes > maxBytes) throw tooLarge(maxBytes)
  return Buffer.concat(parts)
}

export function tooLarge(maxBytes: number): Error {
  return failed('too_large', `the answer is larger than ${maxBytes} bytes`)
}
