import type { Answered, Begun, State, Told } from './load.js'

/** What must be there in the end, by what the writers told. */
export interface Ledger {
  /** `source` is a run of one writer: its operations are numbered from 0. */
  hear(source: string, told: Told): void
  /** The states that a key may have: one, unless a write was never answered. */
  readonly states: ReadonlyMap<string, ReadonlySet<State>>
  readonly counted: { readonly atLeast: number; readonly atMost: number }
  readonly appended: ReadonlySet<string>
  readonly maybeAppended: ReadonlySet<string>
  readonly answers: ReadonlyMap<string, number>
}

export function createLedger(): Ledger {
  const states = new Map<string, Set<State>>()
  const begun = new Map<string, Begun>()
  const appended = new Set<string>()
  const maybeAppended = new Set<string>()
  const answers = new Map<string, number>()
  let atLeast = 0
  let atMost = 0

  function begin(told: Begun): void {
    if (told.is === 'counting') atMost += 1
    if (told.is === 'appending') maybeAppended.add(told.id)
    if (told.is !== 'begun') return
    for (const key of told.keys) {
      states.set(key, (states.get(key) ?? new Set([null])).add(told.to))
    }
  }

  function done(what: Begun): void {
    if (what.is === 'counting') atLeast += 1
    if (what.is === 'appending') appended.add(what.id)
    if (what.is === 'begun') for (const key of what.keys) states.set(key, new Set([what.to]))
  }

  return {
    states,
    get counted() {
      return { atLeast, atMost }
    },
    appended,
    maybeAppended,
    answers,
    hear: (source, told) => {
      const id = `${source}/${told.op}`
      if (!isAnswer(told)) {
        begun.set(id, told)
        return begin(told)
      }
      const answer = `${told.is} ${told.code}`.trim()
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
      const what = begun.get(id)
      if (what === undefined) throw new Error(`${id} was answered and never begun`)
      if (told.is === 'done') done(what)
    },
  }
}

function isAnswer(told: Told): told is Answered {
  return told.is === 'done' || told.is === 'refused' || told.is === 'unknown'
}
