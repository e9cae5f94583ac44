import type { Expectation, RecordRange, RecordVersion, Write } from '../ports/record-table.js'

export type Expect = 'anything' | 'absent' | 'current' | 'outdated'

/** A write as the model words it: versions are those that it remembers. */
export interface ModelWrite {
  readonly op: 'put' | 'delete'
  readonly sk: string
  readonly expect: Expect
  readonly n: number
  /** In milliseconds from now; null for ever. Of a put. */
  readonly livesMs: number | null
}

export interface ModelRecord {
  readonly sk: string
  readonly n: number
  readonly version: RecordVersion
  readonly expiresAtMs: number | null
}

const never = 'none' as RecordVersion

/** What a partition must look like: a sorted map with versions and expiry, on the same clock. */
export class PartitionModel {
  private readonly records = new Map<string, ModelRecord>()
  private readonly outdated = new Map<string, RecordVersion>()

  constructor(private readonly now: () => number) {}

  get(sk: string): ModelRecord | null {
    const record = this.records.get(sk)
    if (record === undefined) return null
    const { expiresAtMs } = record
    return expiresAtMs !== null && expiresAtMs <= this.now() ? null : record
  }

  range(range: Omit<RecordRange, 'limit' | 'token'>): readonly ModelRecord[] {
    const { prefix = '', after, before, order } = range
    const found = [...this.records.keys()]
      .flatMap((sk) => this.get(sk) ?? [])
      .filter(({ sk }) => sk.startsWith(prefix))
      .filter(({ sk }) => after === undefined || compare(sk, after) > 0)
      .filter(({ sk }) => before === undefined || compare(sk, before) < 0)
      .sort((one, other) => compare(one.sk, other.sk))
    return order === 'descending' ? found.toReversed() : found
  }

  holds({ op, sk, expect }: ModelWrite): boolean {
    if (expect === 'anything') return true
    if (expect === 'absent') return op === 'delete' || this.get(sk) === null
    return expect === 'current' && this.get(sk) !== null
  }

  write({ op, sk, expect, n, livesMs }: ModelWrite): Write {
    const expected = this.expectation(sk, expect)
    if (op === 'put') {
      const expiresAt = livesMs === null ? null : new Date(this.now() + livesMs)
      return { op, sk, value: { n, sk }, expect: expected, expiresAt }
    }
    return { op, sk, ...(expected === 'absent' ? {} : { expect: expected }) }
  }

  apply({ op, sk, n, livesMs }: ModelWrite, version: RecordVersion | null): void {
    const before = this.records.get(sk)
    if (before !== undefined) this.outdated.set(sk, before.version)
    if (op === 'delete' || version === null) this.records.delete(sk)
    else {
      const expiresAtMs = livesMs === null ? null : this.now() + livesMs
      this.records.set(sk, { sk, n, version, expiresAtMs })
    }
  }

  /** The current version is that of an expired record, too: it must not be taken for one. */
  private expectation(sk: string, expect: Expect): Expectation {
    if (expect === 'current') return { version: this.records.get(sk)?.version ?? never }
    if (expect === 'outdated') return { version: this.outdated.get(sk) ?? never }
    return expect
  }
}

function compare(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other))
}
