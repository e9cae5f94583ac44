/** What one connection may take of the server's time and memory. */
export interface HttpLimits {
  /** Of one request; what is larger is answered 413. */
  readonly maxBodyBytes: number
  /** Of all headers of one request together. */
  readonly maxHeaderBytes: number
  /** More headers than these are not looked at. */
  readonly maxHeaders: number
  /** Until the headers of a request are there. */
  readonly headersTimeoutMs: number
  /** Headers and body together: nobody keeps a connection busy by sending a byte now and then. */
  readonly requestTimeoutMs: number
}

export const defaultHttpLimits: HttpLimits = {
  maxBodyBytes: 8 * 1024 * 1024,
  maxHeaderBytes: 16 * 1024,
  maxHeaders: 100,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 60_000,
}

const maxCheckEveryMs = 5_000

/** How often slow connections are looked for. */
export function checkIntervalMs({ headersTimeoutMs }: HttpLimits): number {
  return Math.max(1, Math.min(maxCheckEveryMs, Math.floor(headersTimeoutMs / 2)))
}
