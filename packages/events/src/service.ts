/** Something that runs until it is told to stop; the kit's services have the same shape. */
export interface Service {
  readonly name: string
  /** Resolves once it works. */
  start(): Promise<string | void>
  /** Finishes what is in hand, then gives everything back that `start` took. */
  stop(): Promise<void>
}
