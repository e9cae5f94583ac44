import { parseArgs } from 'node:util'
import { UsageError } from './cli-error.js'
import { parseArgsOptions, type Command, type ParsedInput, type Terminal } from './command.js'
import { commands } from './commands.js'
import { describeFailure } from './failure.js'
import { commandHelp, overview, usage } from './help.js'

export const exitCodes = { done: 0, failed: 1, usage: 2 } as const

/** Runs one call of the command and answers its exit code. Never throws. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const command = commands.find(({ words }) => words.every((word, at) => argv[at] === word))
  if (command === undefined) return withoutCommand(argv, terminal)
  const rest = argv.slice(command.words.length)
  if (rest.includes('--help') || rest.includes('-h')) {
    terminal.out(commandHelp(command))
    return exitCodes.done
  }
  try {
    await command.run(parse(command, rest), terminal)
    return exitCodes.done
  } catch (error) {
    if (terminal.signal.aborted) return exitCodes.failed
    return fail(error, command, rest.includes('--json'), terminal)
  }
}

function withoutCommand(argv: readonly string[], terminal: Terminal): number {
  const group = argv.filter((word) => !word.startsWith('-')).slice(0, 1)
  const asked = commands.filter(({ words }) => group.every((word, at) => words[at] === word))
  const wantsHelp = argv.includes('--help') || argv.includes('-h') || argv[0] === 'help'
  if (argv.length === 0 || (wantsHelp && (asked.length > 0 || argv[0] === 'help'))) {
    const all = asked.length === 0
    terminal.out(overview(all ? commands : asked, all ? [] : group))
    return argv.length === 0 ? exitCodes.usage : exitCodes.done
  }
  const called = argv.filter((word) => !word.startsWith('-')).join(' ')
  const known = (asked.length > 0 ? asked : commands).map(({ words }) => words.join(' '))
  const what = called === '' ? 'no command was given' : `there is no command "${called}"`
  terminal.err(`heirloom: ${what}; there is: ${known.join(', ')}\nSee: heirloom --help\n`)
  return exitCodes.usage
}

function parse(command: Command, args: readonly string[]): ParsedInput {
  const { values, positionals } = parseStrictly(command, args)
  const wanted = command.arguments
  const given = positionals.length
  if (given < wanted.length) throw new UsageError(`${wanted[given] ?? 'an argument'} is missing`)
  if (given > wanted.length) {
    const extra = positionals[wanted.length] ?? ''
    throw new UsageError(`there is one argument too many: ${JSON.stringify(extra)}`)
  }
  return { values, positionals }
}

function parseStrictly(command: Command, args: readonly string[]): ParsedInput {
  try {
    const options = parseArgsOptions(command.options)
    const parsed = parseArgs({ args: [...args], options, allowPositionals: true, strict: true })
    return parsed as ParsedInput
  } catch (cause) {
    // Node's own message names the option; its second sentence explains how to escape.
    const [message = ''] = (cause instanceof Error ? cause.message : '').split('. ')
    throw new UsageError(message)
  }
}

function fail(error: unknown, command: Command, json: boolean, terminal: Terminal): number {
  const isUsage = error instanceof UsageError
  const { code, message } = isUsage
    ? { code: 'USAGE', message: error.message }
    : describeFailure(error)
  if (json) terminal.err(`${JSON.stringify({ error: { code, message } })}\n`)
  else
    terminal.err(
      `heirloom: ${message}${isUsage ? `\nUsage: ${usage(command)} [options]\nSee: heirloom ${command.words.join(' ')} --help` : ''}\n`,
    )
  return isUsage ? exitCodes.usage : exitCodes.failed
}
