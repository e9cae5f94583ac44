import { describe, expect, it } from 'vitest'
import { maxUploadBytes, uploadFacts } from './upload-input.js'

const valid = {
  fileName: 'laeken.jpg',
  contentType: 'image/jpeg',
  size: 1,
  sha256: 'ab'.repeat(32),
  caption: 'The garden party',
}
const refusedAt = (field: string) =>
  expect.objectContaining({ code: 'INVALID_INPUT', details: { field } })

describe('what is said about an upload', () => {
  it('is kept, in its canonical form', () => {
    expect(
      uploadFacts({
        fileName: ' cafe\u0301 1894.jpg ',
        contentType: 'Image/JPEG',
        size: maxUploadBytes,
        sha256: 'AB'.repeat(32),
        caption: '  Laeken,\nin summer ',
      }),
    ).toEqual({
      fileName: 'caf\u00e9 1894.jpg',
      contentType: 'image/jpeg',
      sizeBytes: maxUploadBytes,
      sha256: 'ab'.repeat(32),
      caption: 'Laeken,\nin summer',
    })
  })

  it.each([null, undefined, '', '  \n'])('has no caption when it is %j', (caption) => {
    expect(uploadFacts({ ...valid, caption }).caption).toBeNull()
  })

  it.each(['家族.png', 'שלום.txt', 'a'.repeat(255), '.hidden', 'a..b', 'a:b?.txt'])(
    'takes the file name %s',
    (fileName) => {
      expect(uploadFacts({ ...valid, fileName }).fileName).toBe(fileName)
    },
  )

  it.each([
    '',
    '   ',
    '.',
    '..',
    '../a',
    'a/b',
    'a\\b',
    'a\0b',
    'a\nb',
    'a\u007fb',
    'a\u0085b',
    'gpj.\u202eexe',
    'a\u2028b',
    'half \ud83d',
    'a'.repeat(256),
    'ß'.repeat(128),
  ])('refuses the file name %j', (fileName) => {
    expect(() => uploadFacts({ ...valid, fileName })).toThrow(refusedAt('fileName'))
  })

  it.each(['image/svg+xml', 'application/vnd.ms-excel', 'a/b', 'x-a/1'])(
    'takes %s',
    (contentType) => {
      expect(uploadFacts({ ...valid, contentType }).contentType).toBe(contentType)
    },
  )

  it.each([
    '',
    'image',
    'image/',
    '/jpeg',
    'image/jpeg ',
    'image/*',
    'a/b/c',
    'text/html; charset=utf-8',
    'image/jpeg\n',
    'ímage/jpeg',
    `a/${'b'.repeat(128)}`,
  ])('refuses the media type %j', (contentType) => {
    expect(() => uploadFacts({ ...valid, contentType })).toThrow(refusedAt('contentType'))
  })

  it.each([0, -1, 1.5, NaN, Infinity, maxUploadBytes + 1])('refuses %d bytes', (size) => {
    expect(() => uploadFacts({ ...valid, size })).toThrow(refusedAt('size'))
  })

  it.each(['', 'ab', 'g'.repeat(64), 'a'.repeat(65), `${'a'.repeat(64)}\n`])(
    'refuses the digest %j',
    (sha256) => {
      expect(() => uploadFacts({ ...valid, sha256 })).toThrow(refusedAt('sha256'))
    },
  )

  it.each(['a\0b', 'a\u001bb', 'half \udc00', 'a'.repeat(2_001)])(
    'refuses the caption %j',
    (caption) => {
      expect(() => uploadFacts({ ...valid, caption })).toThrow(refusedAt('caption'))
    },
  )
})
