import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '../run-cli.js'

export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A folder of its own in which commands are called; `.heirloom/cli.json` is there when given. */
export interface Workplace {
  readonly folder: string
  write(name: string, content: string | Uint8Array): Promise<void>
  run(argv: readonly string[], options?: RunOptions): Promise<Ran>
  remove(): Promise<void>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly isInteractive?: boolean
  readonly input?: string
  readonly signal?: AbortSignal
  readonly onOut?: (text: string) => void
  readonly onErr?: (text: string) => void
}

export async function createWorkplace(cliFile?: unknown): Promise<Workplace> {
  const folder = await mkdtemp(join(tmpdir(), 'heirloom-cli-'))
  const write = (name: string, content: string | Uint8Array): Promise<void> =>
    writeFile(join(folder, name), content)
  if (cliFile !== undefined) {
    await mkdir(join(folder, '.heirloom'))
    await write('.heirloom/cli.json', JSON.stringify(cliFile))
  }
  return {
    folder,
    write,
    run: async (argv, options = {}) => {
      let out = ''
      let err = ''
      const code = await runCli(argv, {
        env: options.env ?? {},
        cwd: folder,
        out: (text) => {
          out += text
          options.onOut?.(text)
        },
        err: (text) => {
          err += text
          options.onErr?.(text)
        },
        isInteractive: options.isInteractive ?? false,
        readInput: () => Promise.resolve(options.input ?? ''),
        signal: options.signal ?? new AbortController().signal,
      })
      return { code, out, err }
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
