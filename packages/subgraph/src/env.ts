import { AppError } from '@heirloom/errors'

export type Env = Readonly<Record<string, string | undefined>>

/** @throws AppError INVALID_INPUT that names the variable */
export function required(env: Env, name: string): string {
  const value = env[name]
  if (value === undefined || value === '') {
    throw new AppError('INVALID_INPUT', `set the environment variable ${name}`)
  }
  return value
}

export function optional(env: Env, name: string, fallback: string): string {
  const value = env[name]
  return value === undefined || value === '' ? fallback : value
}

/** @throws AppError INVALID_INPUT that names the variable */
export function integer(env: Env, name: string, fallback: number): number {
  const value = Number(optional(env, name, String(fallback)))
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new AppError('INVALID_INPUT', `${name} must be a whole number`)
  }
  return value
}
