import type { Finding, Verified } from '@heirloom/audit'
import { CliError } from '../../cli-error.js'
import { defineCommand } from '../../command.js'
import { createStatusLine, oneLine } from '../routes/show.js'
import { eachAudit } from './databases.js'
import { readHeads } from './heads.js'

interface Looked extends Omit<Verified, 'findings'> {
  readonly database: string
  readonly findings: readonly Finding[]
}

export const auditVerify = defineCommand({
  words: ['audit', 'verify'],
  summary: 'find what was altered, removed, inserted or reordered in the audit log',
  arguments: [],
  options: {
    heads: {
      type: 'string',
      placeholder: 'FILE',
      help: 'what "heirloom audit head" printed before: finds a cut-off tail too',
    },
    'data-dir': { type: 'string', placeholder: 'DIR', help: 'of a system that npm start began' },
    json: { type: 'boolean', help: 'print the result as JSON, and no progress' },
  },
  description: `Works on the databases themselves, because it must not believe the services: as the worker role,
with the addresses in AUDIT_DATABASE_URLS (separated by blanks), or in WORKER_DATABASE_URL; without
them, on the system that npm start began. It changes nothing, and the services may run meanwhile.
Each finding is a line. The exit code is 1 when there is one.`,
  examples: ['heirloom audit verify', 'heirloom audit verify --heads heads.jsonl --json'],
  run: async ({ values }, terminal) => {
    const kept = values.heads === undefined ? [] : await readHeads(terminal.cwd, values.heads)
    const isJson = values.json === true
    const line = createStatusLine(terminal)
    const all: Looked[] = []
    await eachAudit(terminal, values['data-dir'], async (audit) => {
      const findings: Finding[] = []
      const verified = await audit.verify({
        heads: kept.filter(({ database }) => database === audit.name),
        signal: terminal.signal,
        onFinding: (finding) => {
          findings.push(finding)
          if (!isJson) terminal.out(findingLine(audit.name, finding))
        },
        onProgress: (links) => {
          if (!isJson) line.show(`${audit.name}: ${links} links`)
        },
      })
      line.end()
      const looked = { ...verified, database: audit.name, findings }
      if (!isJson) terminal.out(summaryLine(looked))
      all.push(looked)
    })
    if (isJson) terminal.out(`${JSON.stringify({ databases: all })}\n`)
    const others = kept.filter((head) => all.every(({ database }) => database !== head.database))
    for (const database of new Set(others.map((head) => head.database))) {
      terminal.err(`not looked at: ${oneLine(database)}, of which there are heads\n`)
    }
    const count = all.reduce((sum, { findings }) => sum + findings.length, 0)
    if (count === 0) return
    const what = count === 1 ? 'there is 1 finding' : `there are ${count} findings`
    throw new CliError('AUDIT_FINDINGS', `the audit log does not hold: ${what}`)
  },
})

function findingLine(database: string, { kind, tenantId, message }: Finding): string {
  return `${oneLine(`${database}  ${tenantId}  ${kind}  ${message}`)}\n`
}

function summaryLine({ database, tenants, links, waiting, findings }: Looked): string {
  const said = findings.length === 0 ? 'nothing found' : `found: ${findings.length}`
  return `${database}: ${tenants} tenants, ${links} links, ${waiting} entries wait for theirs; ${said}\n`
}
