import { AppError } from '@heirloom/errors'

export const maxNameLength = 300
export const maxTextLength = 500

// Control characters and halves of surrogate pairs: Postgres and JSON do not keep them as they are.
const unstorable = /[\p{Cc}\p{Surrogate}]/u

/**
 * Text as it is stored: composed (NFC), without white space around it.
 * @throws AppError INVALID_INPUT when nothing is left, or it is too long, or holds control characters
 */
export function requiredText(value: string, field: string, maxLength = maxTextLength): string {
  const text = optionalText(value, field, maxLength)
  if (text === null) throw new AppError('INVALID_INPUT', `"${field}" must not be empty`)
  return text
}

/** The same for text that may be missing: empty text is none. @throws AppError INVALID_INPUT */
export function optionalText(
  value: string | null | undefined,
  field: string,
  maxLength = maxTextLength,
): string | null {
  if (value === null || value === undefined) return null
  const text = value.normalize('NFC').trim()
  if (text.length > maxLength) {
    throw new AppError('INVALID_INPUT', `"${field}" must have at most ${maxLength} characters`)
  }
  if (unstorable.test(text)) {
    throw new AppError('INVALID_INPUT', `"${field}" must not hold control characters`)
  }
  return text === '' ? null : text
}
