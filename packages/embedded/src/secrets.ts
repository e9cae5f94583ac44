import { randomBytes } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Reads a JSON secret that an earlier start made, or makes it now; only its owner may read the
 * file. What is encrypted or signed under it stays good across restarts.
 */
export async function keptSecret<Value>(
  path: string,
  make: () => Promise<Value> | Value,
): Promise<Value> {
  const stored = await readFile(path, 'utf8').catch(() => undefined)
  if (stored !== undefined) return JSON.parse(stored) as Value
  const value = await make()
  await writeSecret(path, JSON.stringify(value, undefined, 2))
  return value
}

/** Whole or not at all: a kill in the middle must not leave half a key. */
export async function writeSecret(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const file = await open(`${path}.new`, 'w', 0o600)
  try {
    await file.writeFile(text)
  } finally {
    await file.close()
  }
  await rename(`${path}.new`, path)
}

export function randomSecret(bytes = 32): string {
  return randomBytes(bytes).toString('base64url')
}
