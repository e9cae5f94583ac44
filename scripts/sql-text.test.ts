import { expect, it } from 'vitest'
import { lintedFiles } from './linted-files.js'

const kysely = `import { CompiledQuery, sql } from 'kysely'\n`

it('The linter refuses SQL text that is made of values, but where it is named why', async () => {
  const files = new Map([
    ['subgraphs/a/src/data/raw.ts', `${kysely}export const a = (b: string) => sql.raw(b)`],
    ['packages/a/src/literal.ts', `${kysely}export const a = (b: string) => sql.lit(b)`],
    ['gateway/src/taken-out.ts', `${kysely}const { raw } = sql\nexport const a = raw`],
    ['gateway/src/by-name.ts', `${kysely}export const a = (b: string) => sql['raw'](b)`],
    ['gateway/src/compiled.ts', `${kysely}export const a = CompiledQuery.raw('select 1')`],
    ['gateway/src/parameter.ts', `${kysely}export const a = (b: string) => sql\`select \${b}\``],
    ['packages/postgres/src/migrate.ts', `${kysely}export const a = (b: string) => sql.raw(b)`],
  ])
  const found = await lintedFiles(files, ['no-restricted-properties'])
  expect([...found].toSorted()).toEqual([...files.keys()].slice(0, 5).toSorted())
})
