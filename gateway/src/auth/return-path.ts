import { AppError } from '@heirloom/errors'

/**
 * Where to go after signing in: a path of this site. Anything that a browser would take for
 * another place is refused: `//host`, `/\host`, a scheme, control characters (WHATWG URL).
 * @throws AppError INVALID_INPUT
 */
export function returnPath(value: unknown, publicUrl: URL): string {
  if (value === undefined) return '/'
  const isPath = typeof value === 'string' && /^\/(?![/\\])[\x21-\x7e]*$/.test(value)
  if (isPath && !value.includes('\\')) {
    const target = new URL(value, publicUrl)
    // "/.//host" is a path of ours until it is taken apart: what is left begins with two slashes.
    const isOurs = target.origin === publicUrl.origin && !target.pathname.startsWith('//')
    if (isOurs) return target.pathname + target.search + target.hash
  }
  throw new AppError('INVALID_INPUT', '"return_to" must be a path of this site')
}
