import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { commands } from './commands.js'
import { createWorkplace, type Workplace } from './testing/run.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const main = join(root, 'packages/cli/dist/main.js')
const run = promisify(execFile)

let place: Workplace
beforeAll(async () => {
  await run(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'packages/cli'],
    {
      cwd: root,
    },
  )
})
beforeEach(async () => {
  place = await createWorkplace()
})
afterEach(() => place.remove())

/** The command as its user calls it: a process of its own. */
async function heirloom(
  ...argv: string[]
): Promise<{ code: unknown; stdout: string; stderr: string }> {
  try {
    const done = await run(process.execPath, [main, ...argv], { cwd: place.folder })
    return { code: 0, ...done }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout: string; stderr: string }
    return { code, stdout, stderr }
  }
}

describe('the process', () => {
  it('lists every command in its help', async () => {
    const { code, stdout, stderr } = await heirloom('--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const { words } of commands) expect(stdout).toContain(`\n  ${words.join(' ')}`)
  })

  it('answers 2 without a command, and for one that there is not', async () => {
    expect(await heirloom()).toMatchObject({ code: 2, stderr: '' })
    const unknown = await heirloom('improt', 'gedcom')
    expect(unknown).toMatchObject({ code: 2, stdout: '' })
    expect(unknown.stderr).toContain('there is no command "improt gedcom"; there is: import gedcom')
    const half = await heirloom('import')
    expect(half.stderr).toContain('there is no command "import"; there is: import gedcom\n')
  })

  it('answers 1 for a malformed file, and names its first line', async () => {
    await writeFile(join(place.folder, 'a.ged'), '%PDF-1.4\n')
    expect(await heirloom('import', 'gedcom', 'a.ged', '--dry-run')).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'heirloom: a.ged: this is no GEDCOM file: it begins with "%PDF-1.4" instead of "0 HEAD" (GEDCOM_INVALID)\n',
    })
  })

  it('answers 0 for a file that it could read', async () => {
    await writeFile(
      join(place.folder, 'a.ged'),
      '0 HEAD\n0 @I1@ INDI\n1 NAME Anne /Bront/\n0 TRLR\n',
    )
    const { code, stdout } = await heirloom('import', 'gedcom', 'a.ged', '--dry-run', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ imported: null, report: { counts: { people: 1 } } })
  })
})

describe('the help', () => {
  it.each(commands.map((command) => [command.words.join(' '), command] as const))(
    'of %s names every option and gives examples that call it',
    async (name, command) => {
      const { code, out } = await place.run([...command.words, '--help'])
      expect(code).toBe(0)
      for (const option of Object.keys(command.options)) expect(out).toContain(`--${option}`)
      expect(out).toContain(`  heirloom ${name}`)
    },
  )

  it('of a group lists its commands', async () => {
    const { code, out } = await place.run(['import', '--help'])
    expect(code).toBe(0)
    expect(out).toContain('import gedcom')
    expect(out).not.toContain('timeline  ')
  })
})
