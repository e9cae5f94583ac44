import type { HeirloomError, TimelineEvent } from '@heirloom/client'
import { CliError, UsageError } from '../cli-error.js'
import { defineCommand } from '../command.js'
import { connect, connectionOptions } from '../connection/connect.js'
import { findLegacy } from '../import/legacy.js'

export const timeline = defineCommand({
  words: ['timeline'],
  summary: "follow a legacy's timeline; survives disconnects without missing an event",
  arguments: ['LEGACY'],
  options: {
    after: {
      type: 'string',
      placeholder: 'CURSOR',
      help: 'begin after this cursor instead of now',
    },
    limit: { type: 'string', placeholder: 'N', help: 'end after so many events' },
    ...connectionOptions,
    json: { type: 'boolean', help: 'print each event as one line of JSON, with its cursor' },
  },
  description: `Prints every event of the timeline, once and in order, until Ctrl-C. LEGACY is an id or a
slug. When the connection is lost, it is tried again and goes on after the last event. At the
end the cursor is printed that goes on from there with --after.`,
  examples: [
    'heirloom timeline royal92 --tenant t_haworth',
    'heirloom timeline royal92 --tenant t_haworth --json --limit 10',
  ],
  run: async ({ values, positionals: [name = ''] }, terminal) => {
    const limit = parseLimit(values.limit)
    const client = await connect(values, terminal)
    const legacy = await findLegacy(client, name, terminal.signal)
    if (legacy === null) throw new CliError('NOT_FOUND', `there is no legacy "${name}"`)
    let seen = 0
    let failure: HeirloomError | undefined
    const subscription = client.followTimeline(legacy.id, {
      after: values.after,
      signal: terminal.signal,
      onStart: () => terminal.err(`following ${legacy.title}; Ctrl-C ends\n`),
      onEvent: (event) => {
        terminal.out(`${values.json === true ? JSON.stringify(event) : plain(event)}\n`)
        seen += 1
        if (seen >= limit) subscription.close()
      },
      onInterruption: (error, retryInMs) =>
        terminal.err(`${error.message}; going on in ${(retryInMs / 1000).toFixed(1)} s\n`),
      onError: (error) => {
        failure = error
      },
    })
    await subscription.ended
    if (subscription.cursor !== null) terminal.err(`to go on: --after ${subscription.cursor}\n`)
    if (failure !== undefined) throw failure
  },
})

function parseLimit(text: string | undefined): number {
  if (text === undefined) return Infinity
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new UsageError('--limit must be a number from 1')
}

function plain({ occurredAt, type, data }: TimelineEvent): string {
  const fields = typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
  const what = [fields['title'], fields['name'], fields['file_name'], fields['source']]
  const text = what.find((value) => typeof value === 'string') ?? ''
  return `${occurredAt}  ${type.padEnd(20)}  ${oneLine(text)}`.trimEnd()
}

/** What others wrote must not steer the terminal. */
function oneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}
