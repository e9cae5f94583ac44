#!/usr/bin/env node
// Writes each workspace's tsconfig.json from its package.json, so that the project
// references can never disagree with the declared dependencies. `--check` only compares.
import { readFileSync, writeFileSync, existsSync } from 'node:fs'
import { relative } from 'node:path'
import { format } from 'prettier'
import { workspaces } from './workspaces.mjs'

const check = process.argv.includes('--check')
const all = workspaces()
const byName = new Map(all.map((w) => [w.name, w]))
const stale = []

async function write(path, value) {
  const text = await format(JSON.stringify(value), { parser: 'json', printWidth: 100 })
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return
  stale.push(path)
  if (!check) writeFileSync(path, text)
}

for (const workspace of all) {
  const declared = {
    ...workspace.manifest.dependencies,
    ...workspace.manifest.devDependencies,
  }
  const up = relative(workspace.dir, '.')
  await write(`${workspace.dir}/tsconfig.json`, {
    extends: `${up}/tsconfig.base.json`,
    compilerOptions: { rootDir: 'src', outDir: 'dist' },
    include: ['src'],
    references: Object.keys(declared)
      .filter((name) => byName.has(name))
      .map((name) => ({ path: relative(workspace.dir, byName.get(name).dir) })),
  })
}
await write('tsconfig.json', {
  files: [],
  references: [...all.map((w) => ({ path: w.dir })), { path: 'test' }, { path: 'bench' }].filter(
    (r) => all.some((w) => w.dir === r.path) || existsSync(`${r.path}/tsconfig.json`),
  ),
})

if (stale.length > 0) {
  console.log(`${check ? 'out of date' : 'wrote'}: ${stale.join(', ')}`)
  if (check) {
    console.log('run: node scripts/references.mjs')
    process.exit(1)
  }
}
