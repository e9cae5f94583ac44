#!/usr/bin/env node
// `npm run check`: everything that can be known about the code without running it.
// Every step runs even when an earlier one fails, so that one look tells all there is to mend.
import { spawnSync } from 'node:child_process'

/** Title, command, arguments, and what mends it.
 * @type {[string, string, string[], string?][]} */
const steps = [
  ['format', 'prettier', ['--check', '--log-level', 'warn', '.'], 'npm run format'],
  ['project references', 'node', ['scripts/references.mjs', '--check']],
  ['supergraph unchanged', 'node', ['scripts/compose.mjs', '--check']],
  ['resolver types unchanged', 'node', ['scripts/codegen.mjs', '--check']],
  ['types', 'tsc', ['-b']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  [
    'import boundaries',
    'depcruise',
    [
      '--config',
      '.dependency-cruiser.mjs',
      '--output-type',
      'err-long',
      'gateway',
      'subgraphs',
      'packages',
      'test',
    ],
  ],
]

/** @type {string[]} */
const failed = []
for (const [title, command, args, fix] of steps) {
  const from = performance.now()
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    shell: process.platform === 'win32',
    env: { ...process.env, PATH: `node_modules/.bin:${process.env.PATH}` },
    maxBuffer: 64 * 1024 * 1024,
  })
  const seconds = ((performance.now() - from) / 1000).toFixed(1)
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'}  ${title} (${seconds} s)`)
  if (status === 0) continue
  failed.push(title)
  console.log([stdout, stderr, error?.message].filter(Boolean).join('\n'))
  if (fix) console.log(`fix: ${fix}`)
}
if (failed.length > 0) {
  console.log(`\n${failed.length} of ${steps.length} checks failed: ${failed.join(', ')}`)
  process.exit(1)
}
