import { isAscii } from 'node:buffer'

// The answer of a subgraph as RFC 9112 frames it. Only what a client needs, and nothing that two
// readers could understand in two ways: what is not plain is refused, and the connection dropped.

export interface HttpAnswer {
  readonly status: number
  readonly text: string
  /** The connection may carry another request. */
  readonly isReusable: boolean
  /** How long the server keeps an idle connection, when it says so. */
  readonly keepAliveMs: number | undefined
}

/** The bytes are no HTTP/1.1 answer, or one that is too large. */
export class BadAnswer extends Error {
  override readonly name = 'BadAnswer'
}

const maxHeadBytes = 16_384
const maxInterimAnswers = 10
const maxChunkLineBytes = 256
/** Chunks of a byte each would cost far more memory than they bring. */
const maxParts = 20_000
const headEnd = '\r\n\r\n'

type State = 'head' | 'length' | 'until_close' | 'chunk_line' | 'chunk' | 'chunk_end' | 'trailers'

/** Reads one answer out of pieces of any size; made anew, or `reset`, for each. */
export class ResponseParser {
  #state: State = 'head'
  /** What came of a head or a line that is not whole yet. */
  #pending = ''
  #status = 0
  #keepsAlive = true
  #keepAliveMs: number | undefined
  #interimAnswers = 0
  /** What is missing of the body, or of the chunk. */
  #missing = 0
  #parts: Buffer[] = []
  #size = 0
  #hasBegun = false

  constructor(readonly maxBodyBytes: number) {}

  /** Whether any byte of this answer has come. */
  get hasBegun(): boolean {
    return this.#hasBegun
  }

  reset(): void {
    this.#state = 'head'
    this.#pending = ''
    this.#keepsAlive = true
    this.#keepAliveMs = undefined
    this.#interimAnswers = 0
    this.#missing = 0
    this.#parts = []
    this.#size = 0
    this.#hasBegun = false
  }

  /**
   * Takes the first `length` bytes of a buffer that the caller may overwrite afterwards.
   * @returns the answer once it is whole
   * @throws BadAnswer
   */
  push(bytes: Buffer, length: number): HttpAnswer | undefined {
    this.#hasBegun = true
    let at = 0
    while (at < length) {
      switch (this.#state) {
        case 'head': {
          const next = this.#head(bytes, at, length)
          if (next === undefined) return undefined
          at = next
          const afterHead = this.#state as State
          if (afterHead !== 'length') break
          if (this.#missing === 0) return this.#whole(at === length, '')
          // Nearly every answer: its body is here, as a whole.
          if (this.#missing === length - at) return this.#whole(true, decoded(bytes, at, length))
          break
        }
        case 'length':
        case 'chunk':
        case 'until_close': {
          const isOpenEnded = this.#state === 'until_close'
          const take = isOpenEnded ? length - at : Math.min(this.#missing, length - at)
          this.#keep(bytes, at, at + take)
          at += take
          if (isOpenEnded) break
          this.#missing -= take
          if (this.#missing > 0) break
          if (this.#state === 'length') return this.#whole(at === length, this.#body())
          this.#state = 'chunk_end'
          break
        }
        default: {
          const end = bytes.indexOf(10, at)
          const isWhole = end >= 0 && end < length
          this.#pending += bytes.toString('latin1', at, isWhole ? end + 1 : length)
          at = isWhole ? end + 1 : length
          if (this.#pending.length > maxChunkLineBytes && this.#state !== 'trailers') {
            throw new BadAnswer('a chunk without a size')
          }
          if (this.#pending.length > maxHeadBytes) throw new BadAnswer('too many trailers')
          if (isWhole && this.#line()) return this.#whole(at === length, this.#body())
        }
      }
    }
    return undefined
  }

  /**
   * The server has closed its side.
   * @returns the answer, when its end is what ends it
   * @throws BadAnswer when something is missing
   */
  end(): HttpAnswer {
    if (this.#state !== 'until_close') throw new BadAnswer('the answer ended halfway')
    return this.#whole(false, this.#body())
  }

  /** @returns where the body begins, or undefined while the head is not whole */
  #head(bytes: Buffer, at: number, length: number): number | undefined {
    const before = this.#pending.length
    // The end of the head may lie across two pieces.
    const found = before === 0 ? bytes.indexOf(headEnd, at, 'latin1') : -1
    if (found >= 0 && found <= length - headEnd.length) {
      this.#readHead(bytes.toString('latin1', at, found))
      return found + headEnd.length
    }
    const room = Math.min(length, at + maxHeadBytes + headEnd.length)
    this.#pending += bytes.toString('latin1', at, room)
    const end = this.#pending.indexOf(headEnd)
    if (end < 0) {
      if (this.#pending.length > maxHeadBytes) throw new BadAnswer('the headers are too large')
      return undefined
    }
    const head = this.#pending.slice(0, end)
    this.#pending = ''
    this.#readHead(head)
    return at + end + headEnd.length - before
  }

  #readHead(head: string): void {
    if (head.length > maxHeadBytes) throw new BadAnswer('the headers are too large')
    const lines = head.split('\r\n')
    const [, minor, code] = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/.exec(lines[0] ?? '') ?? []
    if (code === undefined) throw new BadAnswer('not an HTTP answer')
    this.#status = Number(code)
    this.#keepsAlive = minor === '1'
    if (this.#status < 200) {
      this.#interimAnswers += 1
      if (this.#status === 101 || this.#interimAnswers > maxInterimAnswers) {
        throw new BadAnswer(`an answer ${this.#status} to a plain request`)
      }
      return
    }
    const { length, isChunked } = this.#readFields(lines)
    if (isChunked && length !== undefined) {
      // RFC 9112, section 6.1: this is how answers are smuggled.
      throw new BadAnswer('an answer with two lengths')
    }
    if (length !== undefined && length > this.maxBodyBytes) this.#tooLarge()
    const hasNoBody = this.#status === 204 || this.#status === 304
    this.#missing = hasNoBody ? 0 : (length ?? 0)
    if (hasNoBody || length !== undefined) this.#state = 'length'
    else this.#state = isChunked ? 'chunk_line' : 'until_close'
  }

  #readFields(lines: readonly string[]): {
    readonly length: number | undefined
    readonly isChunked: boolean
  } {
    let length: number | undefined
    let isChunked = false
    for (let index = 1; index < lines.length; index += 1) {
      const line = lines[index] ?? ''
      const colon = line.indexOf(':')
      if (colon <= 0) throw new BadAnswer('a header without a name')
      // Names that matter here have one of these lengths; the others need not be looked at.
      if (colon !== 10 && colon !== 14 && colon !== 16 && colon !== 17) continue
      const name = line.slice(0, colon).toLowerCase()
      const value = line.slice(colon + 1).trim()
      if (name === 'content-length') {
        const given = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
        if (Number.isNaN(given) || (length !== undefined && length !== given)) {
          throw new BadAnswer('a content-length that is none')
        }
        length = given
      } else if (name === 'transfer-encoding') {
        if (isChunked || value.toLowerCase() !== 'chunked') {
          throw new BadAnswer(`the transfer-encoding ${value.slice(0, 40)}`)
        }
        isChunked = true
      } else if (name === 'connection') {
        const options = value.toLowerCase()
        if (options.includes('close')) this.#keepsAlive = false
        else if (options.includes('keep-alive')) this.#keepsAlive = true
      } else if (name === 'keep-alive') {
        const seconds = /timeout=(\d{1,6})/i.exec(value)?.[1]
        if (seconds !== undefined) this.#keepAliveMs = Number(seconds) * 1_000
      } else if (name === 'content-encoding' && value.toLowerCase() !== 'identity') {
        throw new BadAnswer('a content-encoding that was not asked for')
      }
    }
    return { length, isChunked }
  }

  /** A line of the chunked coding (RFC 9112, section 7.1). True when it was the last. */
  #line(): boolean {
    const line = this.#pending.replace(/\r?\n$/, '')
    this.#pending = ''
    if (this.#state === 'trailers') return line === ''
    if (this.#state === 'chunk_end') {
      if (line !== '') throw new BadAnswer('a chunk that is longer than its size')
      this.#state = 'chunk_line'
      return false
    }
    const size = /^([0-9a-f]{1,8})[ \t]*(?:;.*)?$/i.exec(line)?.[1]
    if (size === undefined) throw new BadAnswer('a chunk without a size')
    this.#missing = Number.parseInt(size, 16)
    if (this.#size + this.#missing > this.maxBodyBytes) this.#tooLarge()
    this.#state = this.#missing === 0 ? 'trailers' : 'chunk'
    return false
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    this.#size += to - from
    if (this.#size > this.maxBodyBytes || this.#parts.length >= maxParts) this.#tooLarge()
    this.#parts.push(Buffer.from(bytes.subarray(from, to)))
  }

  #tooLarge(): never {
    throw new BadAnswer(`an answer of more than ${this.maxBodyBytes} bytes`)
  }

  #body(): string {
    const [only] = this.#parts
    const whole = this.#parts.length === 1 && only !== undefined ? only : Buffer.concat(this.#parts)
    return decoded(whole, 0, whole.length)
  }

  #whole(isAllRead: boolean, text: string): HttpAnswer {
    return {
      status: this.#status,
      text,
      // More than was asked for: whatever it is, it is nobody's answer.
      isReusable: this.#keepsAlive && isAllRead,
      keepAliveMs: this.#keepAliveMs,
    }
  }
}

/** What is ASCII, as most JSON is, need not be decoded: several times faster. */
function decoded(bytes: Buffer, from: number, to: number): string {
  const isPlain = isAscii(bytes.subarray(from, to))
  return isPlain ? bytes.toString('latin1', from, to) : bytes.toString('utf8', from, to)
}
