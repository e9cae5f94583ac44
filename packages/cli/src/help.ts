import type { Command } from './command.js'

export function overview(commands: readonly Command[], words: readonly string[] = []): string {
  const rows = commands.map((command): [string, string] => [
    command.words.join(' '),
    command.summary,
  ])
  const called = ['heirloom', ...words].join(' ')
  return `Usage: ${called} <command> [options]

Works with a running Heirloom system: imports family trees, asks queries, follows timelines.
Serves supergraphs of others, too.

Commands:
${table(rows)}

"heirloom <command> --help" says more, with examples.
Exit codes: 0 done, 1 failed, 2 called wrongly.
`
}

export function commandHelp(command: Command): string {
  const rows = Object.entries(command.options).map(([name, option]): [string, string] => [
    `--${name}${option.placeholder === undefined ? '' : ` ${option.placeholder}`}`,
    option.help,
  ])
  return `Usage: ${usage(command)} [options]

${command.description.trim()}

Options:
${table([...rows, ['--help', 'show this']])}

Examples:
${command.examples.map((example) => `  ${example}`).join('\n')}
`
}

export function usage(command: Command): string {
  return ['heirloom', ...command.words, ...command.arguments].join(' ')
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
