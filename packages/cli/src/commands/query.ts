import { HeirloomError } from '@heirloom/client'
import { UsageError } from '../cli-error.js'
import { defineCommand } from '../command.js'
import { connect, connectionOptions } from '../connection/connect.js'

export const query = defineCommand({
  words: ['query'],
  summary: 'run a GraphQL query or mutation and print its data',
  arguments: ['GRAPHQL'],
  options: {
    variables: {
      type: 'string',
      placeholder: 'JSON',
      help: 'variables of the document, as a JSON object',
    },
    ...connectionOptions,
    json: { type: 'boolean', help: 'print on one line, without indentation' },
  },
  description: `Runs one document; "-" reads it from standard input. The data is printed as JSON.
When the answer has errors, they go to standard error, the data that came in spite of them
to standard output, and the exit code is 1.`,
  examples: [
    `heirloom query '{ legacies { nodes { id slug title } } }' --tenant t_haworth`,
    `heirloom query 'query ($slug: String) { legacy(slug: $slug) { id } }' --variables '{"slug":"royal92"}' --tenant t_haworth`,
  ],
  run: async ({ values, positionals: [document = ''] }, terminal) => {
    const variables = parseVariables(values.variables)
    const text = document === '-' ? await terminal.readInput() : document
    const client = await connect(values, terminal)
    const print = (data: unknown): void =>
      terminal.out(`${JSON.stringify(data, undefined, values.json === true ? undefined : 2)}\n`)
    try {
      print(await client.query(text, variables, { signal: terminal.signal }))
    } catch (error) {
      if (error instanceof HeirloomError && error.data !== null) print(error.data)
      throw error
    }
  },
})

function parseVariables(text: string | undefined): Record<string, unknown> {
  if (text === undefined) return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>
    }
  } catch {
    // Reported below together with JSON that is no object.
  }
  throw new UsageError(`--variables must be a JSON object, for example '{"id":"…"}'`)
}
