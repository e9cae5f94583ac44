import { AppError } from '@heirloom/errors'

export const maxSlugCharacters = 100
const pattern = /^[a-z0-9]+(-[a-z0-9]+)*$/

export function isSlug(text: string): boolean {
  return text.length <= maxSlugCharacters && pattern.test(text)
}

/** @throws AppError INVALID_INPUT */
export function slug(text: string): string {
  if (isSlug(text)) return text
  throw new AppError(
    'INVALID_INPUT',
    `a slug is lower-case letters and digits with single hyphens between them, at most ${maxSlugCharacters} characters`,
    { details: { field: 'slug' } },
  )
}

/**
 * The slug that a title suggests; empty for a title without any Latin letter or digit, which
 * has no readable form in an address.
 */
export function slugOfTitle(title: string): string {
  return title
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, maxSlugCharacters)
    .replace(/^-+|-+$/g, '')
}
