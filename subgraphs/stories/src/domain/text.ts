import { AppError } from '@heirloom/errors'

export const maxTitleCharacters = 300
export const maxBodyBytes = 200_000
export const maxDescriptionBytes = 10_000
export const maxNoteBytes = 2_000

// NUL and lone surrogates are no text: Postgres takes neither, and JSON readers disagree on them.
const notText = /[\0\p{Cs}]/u

/** @throws AppError INVALID_INPUT unless 1 to 300 characters are left without the outer spaces */
export function title(value: string): string {
  const trimmed = wellFormed('title', value).trim()
  const { length } = Array.from(trimmed)
  if (length < 1 || length > maxTitleCharacters) {
    throw new AppError('INVALID_INPUT', `a title has 1 to ${maxTitleCharacters} characters`, {
      details: { field: 'title' },
    })
  }
  return trimmed
}

/** @throws AppError PAYLOAD_TOO_LARGE, INVALID_INPUT */
export function body(value: string): string {
  return atMost('body', maxBodyBytes, value)
}

/** @throws AppError PAYLOAD_TOO_LARGE, INVALID_INPUT */
export function description(value: string): string {
  return atMost('description', maxDescriptionBytes, value)
}

/** @throws AppError PAYLOAD_TOO_LARGE, INVALID_INPUT */
export function note(value: string): string {
  return atMost('note', maxNoteBytes, value)
}

function atMost(field: string, maxBytes: number, value: string): string {
  const bytes = Buffer.byteLength(value, 'utf8')
  if (bytes > maxBytes) {
    throw new AppError(
      'PAYLOAD_TOO_LARGE',
      `the ${field} has ${bytes} bytes of UTF-8; at most ${maxBytes} are taken`,
      { details: { field, max_bytes: maxBytes } },
    )
  }
  return wellFormed(field, value)
}

function wellFormed(field: string, value: string): string {
  if (!notText.test(value)) return value
  throw new AppError('INVALID_INPUT', `the ${field} holds characters that are not text`, {
    details: { field },
  })
}
