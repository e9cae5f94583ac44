import { spawnSync } from 'node:child_process'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { execPath } from 'node:process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

/** Which of the files, by path and text, one of these rules of our linter refuses. */
export async function lintedFiles(
  files: ReadonlyMap<string, string>,
  rules: readonly string[],
): Promise<ReadonlySet<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'heirloom-linted-'))
  try {
    await cp(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'))
    for (const [path, text] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), `${text}\n`)
    }
    const linter = join(root, 'node_modules/oxlint/bin/oxlint')
    const { stdout } = spawnSync(execPath, [linter, '--format', 'json'], {
      cwd: folder,
      encoding: 'utf8',
    })
    const { diagnostics } = JSON.parse(stdout) as {
      readonly diagnostics: readonly { readonly code: string; readonly filename: string }[]
    }
    const found = diagnostics.filter(({ code }) => rules.some((rule) => code.includes(`(${rule})`)))
    return new Set(found.map(({ filename }) => filename))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
