import { failed, refused } from './outgoing-errors.js'
import type { OutgoingPolicy } from './outgoing-policy.js'
import { isPublicHost } from './public-host.js'

const maxLength = 2_048
const defaultPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 }

/**
 * What can be said of an address before its name is resolved.
 * @throws AppError OUTGOING_REFUSED
 */
export function checkedUrl(value: string | URL, policy: OutgoingPolicy): URL {
  const text = String(value)
  if (text.length > maxLength || !URL.canParse(text)) throw refused('url', 'this is no address')
  const url = new URL(text)
  if (url.username !== '' || url.password !== '') {
    throw refused('credentials', 'an address with credentials in it is not called')
  }
  if (policy.allowedOrigins.has(url.origin)) return url
  if (url.protocol !== 'https:' && !(policy.plainHttp && url.protocol === 'http:')) {
    throw refused(
      'scheme',
      `${policy.plainHttp ? 'only http and https are' : 'only https is'} called`,
    )
  }
  const port = url.port === '' ? defaultPorts[url.protocol] : Number(url.port)
  const isUsual = policy.plainHttp && port === defaultPorts['http:']
  if (port === undefined || !(isUsual || policy.ports.has(port))) {
    throw refused('port', `port ${port ?? ''} is not called`)
  }
  if (!isPublicHost(url.hostname)) {
    throw refused('address', 'private and local addresses are not called')
  }
  return url
}

/**
 * Where an answer sends its caller; never from https back to http.
 * @throws AppError OUTGOING_REFUSED, OUTGOING_FAILED
 */
export function redirectTarget(location: string, from: URL, policy: OutgoingPolicy): URL {
  if (!URL.canParse(location, from.href))
    throw failed('redirect', 'the answer redirects to no address')
  const to = checkedUrl(new URL(location, from), policy)
  if (from.protocol === 'https:' && to.protocol !== 'https:') {
    throw refused('scheme', 'a redirect from https to http is not followed')
  }
  return to
}
