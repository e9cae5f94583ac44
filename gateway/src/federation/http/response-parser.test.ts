import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BadAnswer, ResponseParser, type HttpAnswer } from './response-parser.js'

const maxBodyBytes = 1_000

/** Feeds an answer in pieces that end at the given places, out of one buffer that is overwritten. */
function read(text: string | Buffer, cuts: readonly number[] = []): HttpAnswer | undefined {
  const parser = new ResponseParser(maxBodyBytes)
  const bytes = Buffer.from(text)
  const shared = Buffer.alloc(bytes.length + 10, '\r\n\r\n')
  const ends = [...new Set(cuts.map((cut) => cut % bytes.length))].toSorted((a, b) => a - b)
  let from = 0
  for (const to of [...ends, bytes.length]) {
    bytes.copy(shared, 0, from, to)
    const answer = parser.push(shared, to - from)
    if (answer !== undefined) return answer
    from = to
  }
  return undefined
}

function outcome(text: string, cuts: readonly number[]): HttpAnswer | Error | undefined {
  try {
    return read(text, cuts)
  } catch (error) {
    return error as Error
  }
}

const head = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n'
const body = '{"data":{"name":"Åse 🙂"}}'
const length = Buffer.byteLength(body)
const sized = `${head}Content-Length: ${length}\r\nDate: now\r\n\r\n${body}`

function chunked(pieces: readonly string[]): string {
  const chunks = pieces.map((piece) => {
    return `${Buffer.byteLength(piece).toString(16)};ext="a"\r\n${piece}\r\n`
  })
  return `${head}transfer-encoding: Chunked\r\n\r\n${chunks.join('')}0\r\nx-trailer: 1\r\n\r\n`
}

describe('an answer', () => {
  it.each([
    ['with a length', sized],
    ['in chunks', chunked(['{"data":{"na', 'me":"Å', 'se 🙂"}}'])],
    [
      'after interim answers',
      `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 \r\nlink: x\r\n\r\n${sized}`,
    ],
  ])('%s is read alike however it is cut', (_what, text) => {
    expect(read(text)).toMatchObject({ status: 200, text: body, isReusable: true })
    fc.assert(
      fc.property(fc.array(fc.nat(10_000), { maxLength: 200 }), (cuts) => {
        expect(read(text, cuts)).toMatchObject({ text: body, isReusable: true })
      }),
    )
    expect(read(text, [...Array(text.length).keys()])?.text).toBe(body)
  })

  it('that ends with its connection is whole when that ends', () => {
    const parser = new ResponseParser(maxBodyBytes)
    const bytes = Buffer.from(`HTTP/1.0 200 OK\r\n\r\n${body}`)
    expect(parser.push(bytes, bytes.length)).toBeUndefined()
    expect(parser.end()).toMatchObject({ text: body, isReusable: false })
  })

  it.each([
    ['says that it closes', `${head}Connection: close\r\ncontent-length: 0\r\n\r\n`],
    ['is of HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n'],
    ['is followed by something', `${sized}HTTP/1.1 200 OK\r\n`],
  ])('leaves no connection to be used again when it %s', (_what, text) => {
    expect(read(text)?.isReusable).toBe(false)
  })

  it('says how long the connection lasts', () => {
    const text = `${head}Keep-Alive: timeout=5\r\ncontent-length: 2\r\n\r\n{}`
    expect(read(text)?.keepAliveMs).toBe(5_000)
  })

  it('without a body has none, whatever it says', () => {
    expect(read('HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\n')?.text).toBe('')
  })
})

describe('what is refused', () => {
  it.each([
    ['another protocol', 'SSH-2.0-OpenSSH_9\r\n\r\n'],
    ['garbage', Buffer.from('\u0000\u0001\u0002\r\n\r\n')],
    ['a status that is none', 'HTTP/1.1 099 no\r\n\r\n'],
    ['a switch of protocols', 'HTTP/1.1 101 Switching\r\n\r\n'],
    ['endless interim answers', 'HTTP/1.1 100 Continue\r\n\r\n'.repeat(12)],
    ['endless headers', `${head}x: ${'y'.repeat(40_000)}`],
    ['a header without a name', `${head}: x\r\n\r\n`],
    ['two lengths that differ', `${head}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`],
    ['a length and chunks', `${head}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n{}`],
    ['a negative length', `${head}content-length: -2\r\n\r\n{}`],
    ['a length in words', `${head}content-length: 2, 2\r\n\r\n{}`],
    ['another coding', `${head}transfer-encoding: gzip, chunked\r\n\r\n`],
    ['compression', `${head}content-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}`],
    ['more than may be held', `${head}content-length: 1001\r\n\r\n`],
    ['200 MB', `${head}content-length: 209715200\r\n\r\n`],
    ['a chunk that is too large', `${head}transfer-encoding: chunked\r\n\r\nfffffff\r\n`],
    ['chunks that are too much', chunked(['x'.repeat(600), 'x'.repeat(600)])],
    ['a body without end', `HTTP/1.1 200 OK\r\n\r\n${'x'.repeat(1_100)}`],
    ['a chunk of no size', `${head}transfer-encoding: chunked\r\n\r\nhello\r\n`],
    ['a chunk line without end', `${head}transfer-encoding: chunked\r\n\r\n1;${'e'.repeat(300)}`],
    ['a chunk longer than its size', `${head}transfer-encoding: chunked\r\n\r\n1\r\nab\r\n`],
    [
      'endless trailers',
      `${head}transfer-encoding: chunked\r\n\r\n0\r\na: ${'b'.repeat(20_000)}\r\n`,
    ],
  ])('is %s', (_what, text) => {
    expect(() => read(text)).toThrow(BadAnswer)
    // One piece or many.
    expect(() => read(text, [1, 7, 20, 41, 60, 90])).toThrow(BadAnswer)
  })

  it.each([
    ['in its head', 'HTTP/1.1 200 OK\r\ncontent-'],
    ['in its body', sized.slice(0, -3)],
    ['between chunks', chunked(['{"data":']).slice(0, -20)],
  ])('is an answer that ends %s', (_what, text) => {
    const parser = new ResponseParser(maxBodyBytes)
    const bytes = Buffer.from(text)
    parser.push(bytes, bytes.length)
    expect(() => parser.end()).toThrow(BadAnswer)
  })

  it('is never more than an exception, whatever comes', () => {
    const token = fc.constantFrom(
      'HTTP/1.1 200 OK\r\n', 'HTTP/1.0 304 x\r\n', '\r\n', '\n', '\r\n\r\n', '0', '5\r\n', 'ff;',
      'content-length: 5\r\n', 'transfer-encoding: chunked\r\n', 'hello', ':', '\u0000', 'é',
    ) // prettier-ignore
    fc.assert(
      fc.property(fc.array(token, { maxLength: 20 }), fc.array(fc.nat(500)), (tokens, cuts) => {
        const text = tokens.join('')
        const found = text === '' ? undefined : outcome(text, cuts)
        const isFine =
          found === undefined ||
          found instanceof BadAnswer ||
          (!(found instanceof Error) && found.text.length <= maxBodyBytes)
        expect(isFine, text).toBe(true)
      }),
      { numRuns: 2_000 },
    )
  })
})
