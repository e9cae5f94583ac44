import { AppError } from '@heirloom/errors'

export type BackendConfig = Readonly<Record<string, string>>

export interface ConfigField {
  readonly required: boolean
  /** Given as a reference `secret:NAME`, never as the secret itself; shown to nobody. */
  readonly secret?: boolean
}
export type ConfigSpec = Readonly<Record<string, ConfigField>>

const secretReference = /^secret:[A-Za-z0-9_./-]{1,128}$/
const maxTextLength = 512
const redacted = '[redacted]'

/** @throws AppError INVALID_INPUT that names the field, and never repeats its value */
export function parseConfig(spec: ConfigSpec, config: unknown): BackendConfig {
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new AppError('INVALID_INPUT', 'the config of a route is an object')
  }
  const given = new Map<string, unknown>(Object.entries(config))
  const unknownField = [...given.keys()].find((name) => !Object.hasOwn(spec, name))
  if (unknownField !== undefined) {
    throw new AppError('INVALID_INPUT', `this backend has no config field "${unknownField}"`)
  }
  const parsed: Record<string, string> = {}
  for (const [name, field] of Object.entries(spec)) {
    const value = given.get(name)
    if (value === undefined && !field.required) continue
    if (typeof value !== 'string' || value === '' || value.length > maxTextLength) {
      throw new AppError('INVALID_INPUT', `the config field "${name}" must be a text`)
    }
    if (field.secret === true && !secretReference.test(value)) {
      throw new AppError('INVALID_INPUT', `give "${name}" as a reference, secret:NAME`)
    }
    parsed[name] = value
  }
  return Object.freeze(parsed)
}

/** For diagnostics, logs and the audit trail. What the spec does not know is hidden too. */
export function redactConfig(spec: ConfigSpec | undefined, config: BackendConfig): BackendConfig {
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => {
      const field = spec !== undefined && Object.hasOwn(spec, name) ? spec[name] : undefined
      return [name, field === undefined || field.secret === true ? redacted : value]
    }),
  )
}
