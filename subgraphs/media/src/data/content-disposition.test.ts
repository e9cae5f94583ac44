import { describe, expect, it } from 'vitest'
import { contentDisposition } from './content-disposition.js'

describe('the disposition of a download', () => {
  it.each([
    ['laeken.jpg', `filename="laeken.jpg"; filename*=UTF-8''laeken.jpg`],
    ['Großmutter.jpg', `filename="Gro_mutter.jpg"; filename*=UTF-8''Gro%C3%9Fmutter.jpg`],
    ['a"b\\c%.jpg', `filename="a_b_c_.jpg"; filename*=UTF-8''a%22b%5Cc%25.jpg`],
    [`it's (1)*!.jpg`, `filename="it's (1)*!.jpg"; filename*=UTF-8''it%27s%20%281%29%2A%21.jpg`],
    ['a\r\nx: y', `filename="a__x: y"; filename*=UTF-8''a%0D%0Ax%3A%20y`],
  ])('names %j in both forms, without a way out of the header', (name, expected) => {
    expect(contentDisposition(name, 'image/jpeg')).toBe(`inline; ${expected}`)
  })

  it.each([
    ['image/jpeg', 'inline'],
    ['audio/ogg', 'inline'],
    ['video/mp4', 'inline'],
    ['image/svg+xml', 'attachment'],
    ['text/html', 'attachment'],
    ['application/pdf', 'attachment'],
    ['application/xhtml+xml', 'attachment'],
    ['x-image/jpeg', 'attachment'],
  ])('of %s is %s', (contentType, disposition) => {
    expect(contentDisposition('a', contentType).startsWith(`${disposition};`)).toBe(true)
  })
})
