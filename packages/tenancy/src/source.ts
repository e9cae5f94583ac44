import { isIP } from 'node:net'

/** From where a request came, as the gateway saw it. */
export interface RequestSource {
  /** The client's address, IPv4 or IPv6, without a zone. */
  readonly ip?: string
  /** What the client said of itself: true or not, at most 256 printable characters. */
  readonly userAgent?: string
}

export const maxUserAgentLength = 256

// Headers arrive as Latin-1; what is no printable character there could forge a line of a log.
const notPrintable = /[^\x20-\x7e\xa0-\xff]/g
// How a socket that takes both families names an IPv4 client (RFC 4291, section 2.5.5.2).
const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** What may be told of a source; what is no address, or says nothing, is left out. */
export function requestSource(
  address: string | undefined,
  userAgent: string | undefined,
): RequestSource {
  const ip = plainAddress(address)
  const agent = userAgent?.replace(notPrintable, '').trim().slice(0, maxUserAgentLength)
  return {
    ...(ip === undefined ? {} : { ip }),
    ...(agent === undefined || agent === '' ? {} : { userAgent: agent }),
  }
}

export function isPlainAddress(text: string): boolean {
  return isIP(text) !== 0 && !text.includes('%')
}

export function isPlainUserAgent(text: string): boolean {
  return text.length <= maxUserAgentLength && text.search(notPrintable) === -1
}

function plainAddress(address: string | undefined): string | undefined {
  const [bare = ''] = (address ?? '').split('%')
  const plain = mapped.exec(bare)?.[1] ?? bare
  return isIP(plain) === 0 ? undefined : plain.toLowerCase()
}
