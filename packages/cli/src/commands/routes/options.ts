import { UsageError } from '../../cli-error.js'
import type { Options } from '../../command.js'

export const targetOptions = {
  to: { type: 'string', placeholder: 'BACKEND', help: 'postgres, dynamodb, firestore, cosmos, …' },
  config: {
    type: 'string',
    placeholder: 'JSON',
    help: 'config of the backend; secrets as references, secret:NAME',
  },
} as const satisfies Options

export const jsonOption = {
  json: { type: 'boolean', help: 'print JSON' },
} as const satisfies Options

/** As GraphQL spells it: dual-write is DUAL_WRITE. */
export function enumName(text: string): string {
  return text.toUpperCase().replaceAll('-', '_')
}

/** @throws UsageError */
export function jsonObject(option: string, text: string | undefined): unknown {
  if (text === undefined) throw new UsageError(`--${option} is missing`)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    value = undefined
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new UsageError(`--${option} must be a JSON object`)
}

/** @throws UsageError */
export function required(option: string, text: string | undefined): string {
  if (text === undefined || text === '') throw new UsageError(`--${option} is missing`)
  return text
}

/** Null when it is not given. @throws UsageError */
export function wholeNumber(option: string, text: string | undefined): number | null {
  if (text === undefined) return null
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new UsageError(`--${option} must be a whole number`)
}

export function listOf(text: string | undefined): readonly string[] | null {
  return text === undefined ? null : text.split(',').map((part) => enumName(part.trim()))
}
