import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { expect, it } from 'vitest'

const folder = fileURLToPath(new URL('.', import.meta.url))
const readme = readFileSync(`${folder}../README.md`, 'utf8')
const rows = [...readme.matchAll(/^\|(.*)\|$/gm)].map(([, cells = '']) =>
  cells.split('|').map((cell) => cell.trim()),
)
const kilobytes = (count: number): string => `${Math.ceil(count / 1_000)} kB`

/** As a bundler of an application takes it: for browsers, minified, without the peers. */
async function bundled(
  entry: string,
): Promise<{ bytes: number; gzipped: number; imports: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [folder + entry],
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    external: ['@apollo/client', '@urql/core', 'graphql', 'rxjs'],
  })
  const code = outputFiles[0]?.contents ?? new Uint8Array()
  const [output] = Object.values(metafile.outputs)
  return {
    bytes: code.byteLength,
    gzipped: gzipSync(code).byteLength,
    imports: (output?.imports ?? []).map(({ path }) => path).toSorted(),
  }
}

it.each([
  ['index.ts', 7_000, []],
  ['apollo.ts', 1_000, ['@apollo/client', 'graphql', 'rxjs']],
  ['urql.ts', 1_000, ['@urql/core']],
])('%s is small and brings along nothing but what it is for', async (entry, limit, imports) => {
  const { bytes, gzipped, imports: found } = await bundled(entry)
  expect(found).toEqual(imports)
  expect(gzipped).toBeLessThan(limit)
  // What the README says is measured here.
  const row = [`\`${entry}\``, kilobytes(bytes), kilobytes(gzipped)]
  expect(rows).toContainEqual(row)
})
