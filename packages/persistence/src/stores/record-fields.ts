import { AppError } from '@heirloom/errors'
import type { JsonObject, JsonValue } from '../ports/record-table.js'

/**
 * Fields of records that only our stores write. One that is not what it was written as means
 * somebody else's write, and reading on would make it worse.
 */
export function textField(value: JsonObject, name: string): string {
  const field = value[name]
  if (typeof field === 'string') return field
  throw damaged(name)
}

export function optionalTextField(value: JsonObject, name: string): string | null {
  return (value[name] ?? null) === null ? null : textField(value, name)
}

export function numberField(value: JsonObject, name: string): number {
  const field = value[name]
  if (typeof field === 'number') return field
  throw damaged(name)
}

export function optionalNumberField(value: JsonObject, name: string): number | null {
  return (value[name] ?? null) === null ? null : numberField(value, name)
}

export function truthField(value: JsonObject, name: string): boolean {
  const field = value[name]
  if (typeof field === 'boolean') return field
  throw damaged(name)
}

export function dateField(value: JsonObject, name: string): Date {
  return new Date(textField(value, name))
}

export function optionalDateField(value: JsonObject, name: string): Date | null {
  return (value[name] ?? null) === null ? null : dateField(value, name)
}

export function objectField(value: JsonObject, name: string): JsonObject {
  const field = value[name]
  if (isObject(field)) return field
  throw damaged(name)
}

export function listField(value: JsonObject, name: string): readonly JsonValue[] {
  const field = value[name]
  if (isList(field)) return field
  throw damaged(name)
}

export function objectsField(value: JsonObject, name: string): readonly JsonObject[] {
  return listField(value, name).map((entry) => {
    if (isObject(entry)) return entry
    throw damaged(name)
  })
}

function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value)
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function damaged(name: string): AppError {
  return new AppError('INTERNAL', `a stored record is damaged: its field "${name}"`)
}
