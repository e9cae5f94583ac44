import type { BackendType, OpenBackend } from '../backends/backend.js'

/** A backend as the contract suites get it: on a real server, with a clock that they can move. */
export interface BackendRig {
  readonly type: BackendType
  start(now: () => number): Promise<RunningBackend>
}

export interface RunningBackend {
  /** Each call is another process, as far as the backend can tell. */
  open(): OpenBackend
  stop(): Promise<void>
}
