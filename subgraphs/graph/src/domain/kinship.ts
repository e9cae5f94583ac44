import {
  ancestorName,
  collateralName,
  descendantName,
  gendered,
  partnerName,
  type Bloodline,
} from './blood-names.js'
import type { Sex } from './person.js'
import type { Via } from './ports.js'

/** One step of a path: what the next person is to the one before, and who that is. */
export interface KinStep {
  readonly via: Via
  readonly sex: Sex
  /**
   * On the step down from a common ancestor: true when the two lines that part there are known
   * to have only one parent in common.
   */
  readonly half?: boolean
}

/**
 * A stretch of a path without marriage: up to an ancestor, then down. A step up after a step down
 * (the other parent of a child) starts a new stretch, since the two need not be kin.
 */
interface BloodStretch extends Bloodline {
  readonly kind: 'blood'
}

interface Marriage {
  readonly kind: 'partner'
  readonly sex: Sex
}

type Stretch = BloodStretch | Marriage

export interface Kinship {
  /** What the last person of the path is to the first. */
  readonly name: string
  /** Stretches of blood and marriages that the path is made of: 1 is kin by blood or a partner. */
  readonly stretches: number
  /** True where English has a word for it: no composed reading. */
  readonly named: boolean
}

/**
 * The relationship in English. Terms follow genealogists' usage: grand- and great- count alike for
 * ancestors and for their siblings (grandaunt, then great-grandaunt; everyday English says
 * great-aunt, then great-great-aunt), cousins are numbered and removed, half- where the lines share
 * one ancestor and not a couple, step- for a parent's partner and that partner's children, -in-law
 * for a partner's parents and siblings and for the partners of siblings and children. Anything
 * further is composed: "husband of granddaughter". Unknown or other sex gets the neutral term.
 */
export function kinship(steps: readonly KinStep[]): Kinship {
  const stretches = stretchesOf(steps)
  const name = stretches.length === 0 ? 'self' : byMarriage(stretches)
  return {
    name: name ?? stretches.map(stretchName).toReversed().join(' of '),
    stretches: stretches.length,
    named: name !== undefined || stretches.length === 1,
  }
}

function stretchesOf(steps: readonly KinStep[]): readonly Stretch[] {
  const stretches: Stretch[] = []
  for (const { via, sex, half } of steps) {
    const last = stretches.at(-1)
    if (via === 'partner') {
      stretches.push({ kind: 'partner', sex })
      continue
    }
    const rise = via === 'parent' ? 1 : 0
    const fall = 1 - rise
    if (last?.kind !== 'blood' || (rise > 0 && last.down > 0)) {
      stretches.push({ kind: 'blood', up: rise, down: fall, sex, half: false })
    } else {
      stretches[stretches.length - 1] = {
        kind: 'blood',
        up: last.up + rise,
        down: last.down + fall,
        sex,
        half: last.half || half === true,
      }
    }
  }
  return stretches
}

function stretchName(stretch: Stretch): string {
  if (stretch.kind === 'partner') return partnerName(stretch.sex)
  if (stretch.down === 0) return ancestorName(stretch.up, stretch.sex)
  if (stretch.up === 0) return descendantName(stretch.down, stretch.sex)
  return collateralName(stretch)
}

const inLaw = {
  parent: ['mother-in-law', 'father-in-law', 'parent-in-law'],
  child: ['daughter-in-law', 'son-in-law', 'child-in-law'],
  sibling: ['sister-in-law', 'brother-in-law', 'sibling-in-law'],
} as const

const step = {
  parent: ['stepmother', 'stepfather', 'stepparent'],
  child: ['stepdaughter', 'stepson', 'stepchild'],
  sibling: ['stepsister', 'stepbrother', 'stepsibling'],
} as const

/** The relations by marriage that have a name of their own; undefined for all others. */
function byMarriage(stretches: readonly Stretch[]): string | undefined {
  const sex = stretches.at(-1)?.sex ?? 'UNKNOWN'
  switch (stretches.map(shape).join(' ')) {
    case 'partner parent':
      return gendered(sex, inLaw.parent)
    case 'child partner':
      return gendered(sex, inLaw.child)
    case 'partner sibling':
    case 'sibling partner':
      return gendered(sex, inLaw.sibling)
    case 'parent partner':
      return gendered(sex, step.parent)
    case 'partner child':
      return gendered(sex, step.child)
    case 'parent partner child':
      return gendered(sex, step.sibling)
    default:
      return undefined
  }
}

function shape(stretch: Stretch): string {
  if (stretch.kind === 'partner') return 'partner'
  if (stretch.up === 1 && stretch.down === 0) return 'parent'
  if (stretch.up === 0 && stretch.down === 1) return 'child'
  if (stretch.up === 1 && stretch.down === 1) return 'sibling'
  return 'other'
}
