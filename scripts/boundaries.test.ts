import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { cruise, type ICruiseResult } from 'dependency-cruiser'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import rules from '../.dependency-cruiser.mjs'

type Import = readonly [from: string, specifier: string]

const backends = 'packages/persistence/src/backends'
/** For each rule an import that it must refuse. */
const refused: Readonly<Record<string, Import>> = {
  'no-cycles': ['packages/a/src/one.ts', './two.js'],
  'packages-below-services': ['packages/a/src/a.ts', '../../../gateway/src/app.js'],
  'subgraphs-apart': ['subgraphs/a/src/a.ts', '../../b/src/app.js'],
  'gateway-apart': ['gateway/src/a.ts', '../../subgraphs/b/src/app.js'],
  'subgraphs-below-gateway': ['subgraphs/a/src/b.ts', '../../../gateway/src/app.js'],
  'domain-is-pure': ['subgraphs/a/src/domain/a.ts', 'node:fs'],
  'resolvers-delegate': ['subgraphs/a/src/resolvers/a.ts', '../data/rows.js'],
  'vendor-sdk-in-its-backend': ['gateway/src/b.ts', '@aws-sdk/client-s3'],
  'dynamodb-client-in-its-backend': [`${backends}/cosmos/a.ts`, '@aws-sdk/client-dynamodb'],
  'firestore-client-in-its-backend': ['packages/persistence/src/a.ts', '@google-cloud/firestore'],
  'cosmos-client-in-its-backend': ['packages/persistence/src/stores/a.ts', '@azure/cosmos'],
  'mongo-client-in-its-backend': ['packages/persistence/src/documents/a.ts', 'mongodb'],
  'redis-client-in-its-backend': ['subgraphs/a/src/data/a.ts', '@redis/client'],
  'postgres-driver-in-its-package': ['subgraphs/a/src/data/b.ts', 'pg'],
  'through-the-front-door': ['packages/a/src/b.ts', '../../b/src/inside.js'],
  'tests-stay-tests': ['packages/a/src/c.ts', 'vitest'],
}
/** What stands beside these rules, and must stay allowed. */
const allowed: readonly Import[] = [
  [`${backends}/dynamodb/b.ts`, '@aws-sdk/client-dynamodb'],
  [`${backends}/firestore/b.ts`, '@google-cloud/firestore'],
  [`${backends}/cosmos/b.ts`, '@azure/cosmos'],
  [`${backends}/mongo/b.ts`, 'mongodb'],
  [`${backends}/redis/b.ts`, '@redis/client'],
  ['packages/cli/src/a.rig.test.ts', 'mongodb'],
  ['subgraphs/media/src/data/a.ts', '@aws-sdk/client-s3'],
]

describe('The rules about imports', () => {
  let folder: string
  let result: ICruiseResult

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'heirloom-boundaries-'))
    const write = async (path: string, text: string): Promise<void> => {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text, { flag: 'a' })
    }
    // Types alone, which leak just as well: a rule that sees them sees everything else too.
    for (const [from, specifier] of [...Object.values(refused), ...allowed]) {
      await write(from, `import type { a } from '${specifier}'\nexport const b = a\n`)
      if (/^[a-z@]/.test(specifier) && !specifier.startsWith('node:')) {
        await write(`node_modules/${specifier}/package.json`, ' ')
        await writeFile(
          join(folder, `node_modules/${specifier}/package.json`),
          JSON.stringify({ name: specifier, main: 'index.js' }),
        )
        await write(`node_modules/${specifier}/index.js`, '')
      }
    }
    await write('packages/a/src/two.ts', `import { b } from './one.js'\nexport const a = b\n`)
    for (const path of ['gateway/src/app.ts', 'subgraphs/b/src/app.ts']) await write(path, '')
    await write('subgraphs/a/src/data/rows.ts', '')
    await write('packages/b/src/inside.ts', '')
    const { output } = await cruise(['packages', 'subgraphs', 'gateway'], {
      ...rules.options,
      baseDir: folder,
      validate: true,
      ruleSet: { forbidden: rules.forbidden },
    })
    result = output as ICruiseResult
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  it('have an example each that they must refuse', () => {
    const names = new Set(rules.forbidden.map(({ name }) => name))
    expect(new Set(Object.keys(refused))).toEqual(names)
  })

  it.each(Object.entries(refused))('hold: %s refuses %j', (name, [from]) => {
    const found = result.summary.violations.filter((one) => one.from === from)
    expect(found.map(({ rule }) => rule.name)).toContain(name)
  })

  it.each(allowed)('let %s import %s', (from) => {
    expect(result.modules.map(({ source }) => source)).toContain(from)
    expect(result.summary.violations.filter((one) => one.from === from)).toEqual([])
  })
})
