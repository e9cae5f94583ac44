/** The command was called wrongly: exit code 2, and a pointer to its help. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** Something outside the command line is missing or refuses: exit code 1. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: string

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
