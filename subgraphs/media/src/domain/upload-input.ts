import { AppError } from '@heirloom/errors'

/** What somebody says about the bytes before they are uploaded, checked. */
export interface UploadFacts {
  readonly fileName: string
  readonly contentType: string
  readonly sizeBytes: number
  readonly sha256: string
  readonly caption: string | null
}

export interface UploadFactsInput {
  readonly fileName: string
  readonly contentType: string
  readonly size: number
  readonly sha256: string
  readonly caption?: string | null | undefined
}

// The largest object that one PUT may carry.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html
export const maxUploadBytes = 5 * 1024 ** 3
// What the common file systems take as one name.
const maxFileNameBytes = 255
const maxCaptionCharacters = 2_000

// Controls, halves of characters (lone surrogates), path separators, and the marks that turn the direction of text: with these,
// "gpj.exe" can be made to read "exe.jpg" (Unicode TR 36, section 2.5).
const unsafeInFileName = /[\p{Cc}\p{Cs}/\\\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]/u
const unsafeInCaption = /[^\P{Cc}\n\t]|\p{Cs}/u
// RFC 6838, section 4.2: restricted-name "/" restricted-name, without parameters.
const mediaType = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/
const sha256Hex = /^[0-9a-f]{64}$/

/** @throws AppError INVALID_INPUT that names the field */
export function uploadFacts(input: UploadFactsInput): UploadFacts {
  return {
    fileName: fileName(input.fileName),
    contentType: contentType(input.contentType),
    sizeBytes: sizeBytes(input.size),
    sha256: sha256(input.sha256),
    caption: caption(input.caption),
  }
}

function fileName(value: string): string {
  const name = value.normalize('NFC').trim()
  if (name === '' || name === '.' || name === '..') throw invalid('fileName', 'must be a name')
  if (Buffer.byteLength(name) > maxFileNameBytes) {
    throw invalid('fileName', `must have at most ${maxFileNameBytes} bytes`)
  }
  if (unsafeInFileName.test(name)) {
    throw invalid('fileName', 'must not contain control characters or path separators')
  }
  return name
}

function contentType(value: string): string {
  const type = value.toLowerCase()
  if (!mediaType.test(type)) throw invalid('contentType', 'must be type/subtype, like image/jpeg')
  return type
}

function sizeBytes(value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= maxUploadBytes) return value
  throw invalid('size', `must be a whole number of bytes from 1 to ${maxUploadBytes}`)
}

function sha256(value: string): string {
  const digest = value.toLowerCase()
  if (!sha256Hex.test(digest)) throw invalid('sha256', 'must be 64 hexadecimal digits')
  return digest
}

function caption(value: string | null | undefined): string | null {
  const text = value?.trim() ?? ''
  if (text === '') return null
  if (text.length > maxCaptionCharacters) {
    throw invalid('caption', `must have at most ${maxCaptionCharacters} characters`)
  }
  if (unsafeInCaption.test(text)) {
    throw invalid('caption', 'must not contain control characters')
  }
  return text
}

function invalid(field: string, problem: string): AppError {
  return new AppError('INVALID_INPUT', `"${field}" ${problem}`, { details: { field } })
}
