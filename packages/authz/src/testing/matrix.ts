import { readFileSync } from 'node:fs'
import { memberRoles, type MemberRole } from '@heirloom/tenancy'
import {
  actions,
  resourceKinds,
  storyLevels,
  storyStates,
  type Action,
  type Resource,
  type StoryLevel,
  type StoryState,
} from '../vocabulary.js'

export const scopes = ['tenant', 'legacy', 'story'] as const
export type ScopeName = (typeof scopes)[number]

/** Whether somebody with one role at one scope may do one thing, as matrix.txt says. */
export interface Cell {
  readonly action: Action
  readonly isOwn: boolean
  readonly kind: Resource['kind']
  /** Of stories. */
  readonly state?: StoryState
  readonly level?: StoryLevel
  readonly scope: ScopeName
  readonly role: MemberRole
  readonly allowed: boolean
}

const letters: Readonly<Record<MemberRole, string>> = {
  owner: 'o',
  editor: 'e',
  contributor: 'c',
  viewer: 'v',
}

/** @throws Error for a line that says nothing, or what an earlier one has said */
export function readMatrix(): readonly Cell[] {
  const text = readFileSync(new URL('../../matrix.txt', import.meta.url), 'utf8')
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  const cells = lines.flatMap(cellsOf)
  const seen = new Set<string>()
  for (const { allowed: _allowed, ...question } of cells) {
    const key = JSON.stringify(question)
    if (seen.has(key)) throw new Error(`said twice: ${key}`)
    seen.add(key)
  }
  return cells
}

function cellsOf(line: string): readonly Cell[] {
  // States are listed with a bar too, without spaces around it.
  const [what = '', ...columns] = line.split(' | ')
  const [action, author, kind, states = '', levels = ''] = what.trim().split(/ +/)
  return scopes.flatMap((scope, index) =>
    memberRoles.flatMap((role) =>
      eachOf(storyStates, states).flatMap((state) =>
        eachOf(storyLevels, levels).map((level) => ({
          action: known(actions, action, line),
          isOwn: known(['own', 'other'] as const, author, line) === 'own',
          kind: known(resourceKinds, kind, line),
          ...(state === undefined ? {} : { state }),
          ...(level === undefined ? {} : { level }),
          scope,
          role,
          allowed: (columns[index] ?? '').includes(letters[role]),
        })),
      ),
    ),
  )
}

function eachOf<Value extends string>(
  values: readonly Value[],
  said: string,
): readonly (Value | undefined)[] {
  if (said === '') return [undefined]
  if (said === '*') return values
  return said.split('|').map((one) => known(values, one, said))
}

function known<Value extends string>(
  values: readonly Value[],
  said: string | undefined,
  line: string,
): Value {
  const value = values.find((each) => each === said)
  if (value === undefined) throw new Error(`what is "${said}" in: ${line}`)
  return value
}
