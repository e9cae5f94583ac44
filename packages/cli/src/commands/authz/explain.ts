import { UsageError } from '../../cli-error.js'
import { defineCommand } from '../../command.js'
import { connect, connectionOptions } from '../../connection/connect.js'

const document = `query ($userId: ID!, $storyId: ID, $legacyId: ID, $action: String, $tenantId: ID) {
  explainAccess(
    userId: $userId, storyId: $storyId, legacyId: $legacyId, action: $action, tenantId: $tenantId
  ) {
    allowed reason policies { id description } others { id description } facts { name value }
  }
}`

interface Answer {
  readonly explainAccess: Explanation
}

interface Explanation {
  readonly allowed: boolean
  readonly reason: string
  readonly policies: readonly Policy[]
  readonly others: readonly Policy[]
  readonly facts: readonly { readonly name: string; readonly value: string }[]
}

interface Policy {
  readonly id: string
  readonly description: string
}

export const authzExplain = defineCommand({
  words: ['authz', 'explain'],
  summary: 'say why somebody may or may not read a story',
  arguments: ['USER'],
  options: {
    story: { type: 'string', placeholder: 'ID', help: 'the story that is asked about' },
    legacy: { type: 'string', placeholder: 'ID', help: 'or the legacy' },
    action: {
      type: 'string',
      placeholder: 'ACTION',
      help: 'what they want to do, for example story:update (default story:read or legacy:read)',
    },
    of: {
      type: 'string',
      placeholder: 'TENANT',
      help: 'the tenant that is asked about, for operators (default: the one of the token)',
    },
    ...connectionOptions,
    json: { type: 'boolean', help: 'print the whole explanation as JSON' },
  },
  description: `Asks the policies in the user's place, with the roles that hold now. Prints the decision, the
policies that made it with what they say, and every fact that they looked at; never a word of
the story. For owners of the tenant, and for operators.`,
  examples: [
    'heirloom authz explain user-1 --story 01JC… --tenant t_haworth',
    'heirloom authz explain user-1 --legacy 01JC… --of t_haworth --tenant t_system --json',
  ],
  run: async ({ values, positionals: [userId = ''] }, terminal) => {
    if ((values.story === undefined) === (values.legacy === undefined)) {
      throw new UsageError('give either --story or --legacy')
    }
    const client = await connect(values, terminal)
    const variables = {
      userId,
      storyId: values.story,
      legacyId: values.legacy,
      action: values.action,
      tenantId: values.of,
    }
    const { signal } = terminal
    const { explainAccess } = await client.query<Answer>(document, variables, { signal })
    terminal.out(
      values.json === true ? `${JSON.stringify(explainAccess)}\n` : textOf(explainAccess),
    )
  },
})

function textOf({ allowed, reason, policies, others, facts }: Explanation): string {
  const width = Math.max(...facts.map(({ name }) => name.length))
  return [
    `${allowed ? 'allowed' : 'denied'}: ${reason}`,
    ...section('decided by', policies.map(lineOf)),
    ...section(
      'looked at',
      facts.map(({ name, value }) => `${name.padEnd(width)}  ${value}`),
    ),
    ...section('would permit it to others', allowed ? [] : others.map(lineOf)),
    '',
  ].join('\n')
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${line}`)]
}

function lineOf({ id, description }: Policy): string {
  return `${id}: ${description}`
}
