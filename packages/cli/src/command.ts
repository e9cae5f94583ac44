import type { ParseArgsConfig } from 'node:util'

/** Where a command meets the outside world; a test gives its own. */
export interface Terminal {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** Whether progress may draw over itself on the error output. */
  readonly isInteractive: boolean
  readonly readInput: () => Promise<string>
  /** Aborts on Ctrl-C. */
  readonly signal: AbortSignal
}

export interface OptionDefinition {
  readonly type: 'string' | 'boolean'
  /** It may be given several times; the values are then a list. */
  readonly multiple?: true
  /** What stands for the value in the help. */
  readonly placeholder?: string
  readonly help: string
}

export type Options = Readonly<Record<string, OptionDefinition>>

export type Values<Of extends Options> = {
  readonly [Name in keyof Of]?: Of[Name] extends { readonly multiple: true }
    ? readonly string[]
    : Of[Name]['type'] extends 'boolean'
      ? boolean
      : string
}

export interface Command {
  /** The words that call it, for example import gedcom. */
  readonly words: readonly string[]
  /** One line for the list of commands. */
  readonly summary: string
  /** Names of the arguments as they stand in the usage line. */
  readonly arguments: readonly string[]
  readonly options: Options
  /** What the help says below the usage line. */
  readonly description: string
  readonly examples: readonly string[]
  /** @throws UsageError, CliError, AppError, HeirloomError */
  run(input: ParsedInput, terminal: Terminal): Promise<void>
}

export interface ParsedInput {
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>
  readonly positionals: readonly string[]
}

/** Keeps each option's type for `run`, which sees exactly the options that were declared. */
export function defineCommand<const Of extends Options>(
  command: Omit<Command, 'options' | 'run'> & {
    readonly options: Of
    run(
      input: { readonly values: Values<Of>; readonly positionals: readonly string[] },
      terminal: Terminal,
    ): Promise<void>
  },
): Command {
  return {
    ...command,
    run: ({ values, positionals }, terminal) =>
      command.run({ values: values as Values<Of>, positionals }, terminal),
  }
}

export function parseArgsOptions(options: Options): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple = false }]) => [name, { type, multiple }]),
  )
}
