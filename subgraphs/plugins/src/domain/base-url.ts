import { invalid } from './invalid.js'
import type { IsPublicHost } from './ports.js'

const maxLength = 2_048

/**
 * Where a plugin is reached: without credentials, query or fragment. With `isPublicHost` it must be
 * a public one over https, so that nobody makes Heirloom call what only Heirloom can reach; without
 * it http will do too. A name may still resolve to a private address later: who calls a plugin does
 * so through packages/outgoing, which checks what it connects to.
 * @throws AppError INVALID_INPUT
 */
export function baseUrl(value: string, isPublicHost: IsPublicHost | null): string {
  if (value.length > maxLength || !URL.canParse(value)) {
    throw invalid('baseUrl', 'must be an address')
  }
  const url = new URL(value)
  if (url.protocol !== 'https:' && !(isPublicHost === null && url.protocol === 'http:')) {
    throw invalid('baseUrl', 'must start with https://')
  }
  if (url.username !== '' || url.password !== '') {
    throw invalid('baseUrl', 'must not contain credentials')
  }
  if (url.search !== '' || url.hash !== '' || /[?#]$/.test(value)) {
    throw invalid('baseUrl', 'must not contain a query or a fragment')
  }
  if (isPublicHost !== null && !isPublicHost(url.hostname)) {
    throw invalid('baseUrl', 'must be a public host: private and local addresses are refused')
  }
  return url.href
}
