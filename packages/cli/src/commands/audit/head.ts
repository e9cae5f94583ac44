import { defineCommand } from '../../command.js'
import { eachAudit } from './databases.js'
import { headLine } from './heads.js'

export const auditHead = defineCommand({
  words: ['audit', 'head'],
  summary: "print the heads of the audit log's chains, to be kept elsewhere",
  arguments: [],
  options: {
    'data-dir': { type: 'string', placeholder: 'DIR', help: 'of a system that npm start began' },
  },
  description: `One line of JSON for each database and tenant: database, tenant, position and hash. What
was sealed up to there can never be changed or cut off again without "heirloom audit verify --heads"
finding it, as long as the line is kept where who can write to the database cannot.`,
  examples: ['heirloom audit head >> heads.jsonl'],
  run: ({ values }, terminal) =>
    eachAudit(terminal, values['data-dir'], async (audit) => {
      for (const head of await audit.heads()) {
        terminal.out(headLine({ database: audit.name, ...head }))
      }
    }),
})
