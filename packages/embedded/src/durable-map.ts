import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs'

/** A small map that outlives its process, however that ends; keys keep the order of insertion. */
export interface DurableMap<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
  delete(key: string): void
  /** A snapshot: the map may be changed while it is read. */
  entries(): readonly (readonly [string, Value])[]
  close(): void
}

type Line<Value> = { readonly k: string; readonly v: Value } | { readonly k: string }

const minLinesToCompact = 1_000

/**
 * Opens the map in `path` (0600), an append-only file of JSON lines. A change is in the kernel's
 * hands when `set` or `delete` returns: it survives a killed process, though not a power cut.
 * One process may have it open at a time.
 */
export function openDurableMap<Value>(path: string): DurableMap<Value> {
  const values = read<Value>(path)
  let lines = values.size
  let file = rewrite(path, values)

  function append(line: Line<Value>): void {
    writeSync(file, `${JSON.stringify(line)}\n`)
    lines += 1
    if (lines < minLinesToCompact || lines < values.size * 4) return
    closeSync(file)
    file = rewrite(path, values)
    lines = values.size
  }

  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      values.set(key, value)
      append({ k: key, v: value })
    },
    delete: (key) => {
      if (values.delete(key)) append({ k: key })
    },
    entries: () => [...values],
    close: () => closeSync(file),
  }
}

function read<Value>(path: string): Map<string, Value> {
  const values = new Map<string, Value>()
  if (!existsSync(path)) return values
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    const line = parse(text)
    if (line === undefined) continue
    if ('v' in line) values.set(line.k, line.v as Value)
    else values.delete(line.k)
  }
  return values
}

// Only the last line can be torn, by a process that was killed in the middle of writing it: that
// change had not been answered yet.
function parse(text: string): Line<unknown> | undefined {
  if (text === '') return undefined
  try {
    return JSON.parse(text) as Line<unknown>
  } catch {
    return undefined
  }
}

/** Writes what is there beside the old file and swaps the two, so that a kill loses neither. */
function rewrite<Value>(path: string, values: ReadonlyMap<string, Value>): number {
  const text = [...values].map(([k, v]) => `${JSON.stringify({ k, v })}\n`).join('')
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
  return openSync(path, 'a', 0o600)
}
