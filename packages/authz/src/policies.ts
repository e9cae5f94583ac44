import { readdirSync, readFileSync } from 'node:fs'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { AppError } from '@heirloom/errors'

const directory = new URL('../policies/', import.meta.url)

export interface Policy {
  /** The policy's `@id`, which decisions and logs name. */
  readonly id: string
  /** The policy's `@description`: what it says, in a sentence for people. */
  readonly description: string
  readonly text: string
  readonly effect: 'permit' | 'forbid'
  /** The actions its scope names; null for every action. */
  readonly actions: readonly string[] | null
}

/** The Cedar schema that the policies are validated against. */
export function readSchema(): string {
  return readFileSync(new URL('heirloom.cedarschema', directory), 'utf8')
}

/** Every policy in policies/*.cedar. @throws AppError INTERNAL when one cannot be read */
export function readPolicies(): readonly Policy[] {
  const names = readdirSync(directory)
    .filter((name) => name.endsWith('.cedar'))
    .sort()
  return names.flatMap((name) =>
    parsePolicies(readFileSync(new URL(name, directory), 'utf8'), name),
  )
}

function parsePolicies(text: string, file: string): readonly Policy[] {
  const parts = cedar.policySetTextToParts(text)
  if (parts.type === 'failure') throw unreadable(file, parts.errors)
  return parts.policies.map((policy) => {
    const json = cedar.policyToJson(policy)
    if (json.type === 'failure') throw unreadable(file, json.errors)
    const { id, description } = json.json.annotations ?? {}
    if (typeof id !== 'string' || typeof description !== 'string') {
      throw new AppError('INTERNAL', `a policy in ${file} has no @id or no @description`)
    }
    return {
      id,
      description,
      text: policy,
      effect: json.json.effect,
      actions: actionsOf(json.json.action),
    }
  })
}

function actionsOf(scope: cedar.ActionConstraint): readonly string[] | null {
  if (scope.op === 'All') return null
  if ('entities' in scope) return scope.entities.map(idOf)
  if ('entity' in scope) return [idOf(scope.entity)]
  return null
}

function idOf(uid: cedar.EntityUidJson): string {
  return '__entity' in uid ? uid.__entity.id : uid.id
}

function unreadable(what: string, errors: readonly cedar.DetailedError[]): AppError {
  return new AppError('INTERNAL', `${what}: ${errors.map((error) => error.message).join('; ')}`)
}
