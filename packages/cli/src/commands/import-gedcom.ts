import { readFile, stat, writeFile } from 'node:fs/promises'
import { basename, extname, resolve } from 'node:path'
import { AppError } from '@heirloom/errors'
import type { HeirloomClient } from '@heirloom/client'
import {
  gedcomLimits,
  parseFamilyTree,
  type FamilyTree,
  type TreeRelationship,
  type TreeReport,
} from '@heirloom/gedcom'
import { CliError, UsageError } from '../cli-error.js'
import { defineCommand, type Terminal } from '../command.js'
import { connect, connectionOptions } from '../connection/connect.js'
import { importPeople, type ImportPerson } from '../import/import-people.js'
import { findOrCreateLegacy, slugOf, type FoundLegacy } from '../import/legacy.js'
import { createProgress } from '../import/progress.js'
import { number, reportText, summaryText } from '../import/report-text.js'
import { defaultRetry, withRetry } from '../import/retry.js'
import { sendTree, type ImportTotals } from '../import/send-tree.js'

export const importGedcom = defineCommand({
  words: ['import', 'gedcom'],
  summary: 'bring a family tree from a GEDCOM file into a legacy',
  arguments: ['FILE'],
  options: {
    legacy: {
      type: 'string',
      placeholder: 'ID|SLUG',
      help: 'the legacy; by default the slug that the file name suggests, created when missing',
    },
    title: { type: 'string', placeholder: 'TEXT', help: 'title of a legacy that is created' },
    source: {
      type: 'string',
      placeholder: 'NAME',
      help: 'names the tree, so that the next import finds its people; by default the file name',
    },
    'dry-run': { type: 'boolean', help: 'read the file and report, without sending anything' },
    report: {
      type: 'string',
      placeholder: 'FILE',
      help: 'write the whole report here; as JSON when it ends in .json',
    },
    ...connectionOptions,
    json: { type: 'boolean', help: 'print totals and the whole report as JSON' },
  },
  description: `Reads GEDCOM 5.5 and 5.5.1 (ANSEL, UTF-8, UTF-16, ASCII, Windows-1252) and sends people and
family links to the system. Importing the same file again changes nothing; importing a newer
version under the same --source updates the people that changed. What could not be read, and
what people and relationships do not keep, is reported.`,
  examples: [
    'heirloom import gedcom royal92.ged --tenant t_haworth',
    'heirloom import gedcom smith.ged --tenant t_haworth --legacy smith-family --source smith',
    'heirloom import gedcom smith.ged --dry-run --report smith-report.txt',
  ],
  run: async ({ values, positionals: [path = ''] }, terminal) => {
    const file = resolve(terminal.cwd, path)
    const stem = basename(file, extname(file)).normalize('NFC')
    const target = {
      name: values.legacy ?? slugOf(stem),
      title: values.title ?? stem,
      source: values.source ?? basename(file).normalize('NFC'),
    }
    if (target.name === '') {
      throw new UsageError('the file name suggests no slug: name the legacy with --legacy')
    }
    const client = values['dry-run'] === true ? null : await connect(values, terminal)
    const parsed = await readTree(file, path)
    const { people, lost } = importPeople(parsed)
    const report = { ...parsed.report, skipped: [...lost, ...parsed.report.skipped] }
    const tree = { people, relationships: parsed.relationships, report }
    if (values.json !== true) terminal.out(summaryText(basename(file), report))
    const sent =
      client === null ? null : await send(client, tree, target, terminal, values.json === true)
    await deliver(report, sent, values, terminal, path)
  },
})

interface Target {
  /** Id or slug of the legacy. */
  readonly name: string
  readonly title: string
  readonly source: string
}

interface Tree {
  readonly people: readonly ImportPerson[]
  readonly relationships: readonly TreeRelationship[]
  readonly report: TreeReport
}

async function send(
  client: HeirloomClient,
  { people, relationships }: Tree,
  { name, title, source }: Target,
  terminal: Terminal,
  silent: boolean,
): Promise<Sent> {
  const { signal } = terminal
  const startedAt = Date.now()
  const total = { people: people.length, relationships: relationships.length }
  const progress = createProgress(terminal, total, silent)
  const onRetry = (error: Error, delayMs: number): void =>
    progress.note(`${error.message}; trying again in ${(delayMs / 1000).toFixed(1)} s`)
  try {
    const find = () => findOrCreateLegacy(client, name, title, signal)
    const { legacy, created } = await withRetry(find, defaultRetry, signal, onRetry)
    const totals = await sendTree({
      client,
      legacyId: legacy.id,
      source,
      people,
      relationships,
      signal,
      onProgress: (done) => progress.show(done),
      onRetry,
    })
    return { legacy, created, source, totals, seconds: (Date.now() - startedAt) / 1000 }
  } finally {
    progress.end()
  }
}

interface Sent {
  readonly legacy: FoundLegacy
  readonly created: boolean
  readonly source: string
  readonly totals: ImportTotals
  readonly seconds: number
}

async function readTree(file: string, path: string): Promise<FamilyTree> {
  let bytes: Uint8Array
  try {
    const { size } = await stat(file)
    if (size > gedcomLimits.fileBytes) {
      throw new CliError(
        'PAYLOAD_TOO_LARGE',
        `${path} has ${number(size)} bytes; at most ${number(gedcomLimits.fileBytes)} are read`,
      )
    }
    bytes = await readFile(file)
  } catch (cause) {
    if (cause instanceof CliError) throw cause
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : String(code)
    throw new CliError('NOT_FOUND', `${path} cannot be read: ${why}`, { cause })
  }
  try {
    return parseFamilyTree(bytes)
  } catch (cause) {
    if (cause instanceof AppError) {
      throw new CliError(cause.code, `${path}: ${cause.message} (${cause.code})`, { cause })
    }
    throw cause
  }
}

async function deliver(
  report: TreeReport,
  sent: Sent | null,
  values: { readonly json?: boolean; readonly report?: string },
  terminal: Terminal,
  path: string,
): Promise<void> {
  if (values.report !== undefined) {
    const whole = values.report.endsWith('.json')
      ? `${JSON.stringify(report, undefined, 2)}\n`
      : summaryText(basename(path), report) + reportText(report, true)
    await writeReport(resolve(terminal.cwd, values.report), whole)
  }
  if (values.json === true) {
    const imported =
      sent === null ? null : { ...sent.totals, legacy: sent.legacy, source: sent.source }
    terminal.out(`${JSON.stringify({ file: path, imported, report }, undefined, 2)}\n`)
    return
  }
  terminal.out(sent === null ? '\nNothing was sent (--dry-run).\n' : totalsText(sent))
  terminal.out(reportText(report, false))
}

async function writeReport(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new CliError(
      'INVALID_INPUT',
      `the report cannot be written to ${file}: ${String(code)}`,
      {
        cause,
      },
    )
  }
}

function totalsText({ legacy, created, source, totals, seconds }: Sent): string {
  const cell = (value: number): string => number(value).padStart(11)
  return `
Imported into ${created ? 'the new legacy' : 'the legacy'} "${legacy.title}" (${legacy.slug}, ${legacy.id})
as source "${source}" in ${seconds.toFixed(1)} s:
                    created    updated  unchanged
  people        ${cell(totals.peopleCreated)}${cell(totals.peopleUpdated)}${cell(totals.peopleUnchanged)}
  relationships ${cell(totals.relationshipsCreated)}${'–'.padStart(11)}${cell(totals.relationshipsUnchanged)}
`
}
