import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '@heirloom/errors'

export interface SecretSources {
  readonly secrets: ReadonlyMap<string, string>
  readonly secretsFolder: string | undefined
}

/** Resolves the NAME of `secret:NAME`. */
export type Secrets = (name: string) => Promise<string>

const maxSecretLength = 65_536

/**
 * Secrets by name: the environment's first (HEIRLOOM_SECRET_NAME), then files of a mounted folder
 * (SECRETS_DIR/NAME), read anew each time, so that one that was replaced is picked up. `/` in a
 * name is a folder: what a tenant's own routes may refer to lies in the folder named like it.
 */
export function createSecrets({ secrets, secretsFolder }: SecretSources): Secrets {
  return async (name) => {
    const value = secrets.get(name)
    if (value !== undefined) return value
    if (secretsFolder === undefined || !isPath(name)) throw missing(name)
    let text: string
    try {
      text = await readFile(join(secretsFolder, name), 'utf8')
    } catch (cause) {
      throw missing(name, cause)
    }
    if (text.length > maxSecretLength) throw missing(name)
    // Editors and `echo` end a file with a line break; no secret does.
    return text.replace(/\r?\n$/, '')
  }
}

function isPath(name: string): boolean {
  return name.split('/').every((part) => /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(part))
}

function missing(name: string, cause?: unknown): AppError {
  return new AppError('BACKEND_UNAVAILABLE', `the secret ${name} cannot be read`, { cause })
}
