import type { OpenBackend } from '../../backends/backend.js'
import type { BackendType } from '../../backends/backend.js'
import { isolationCases } from '../../contract/stores/store-isolation-cases.js'
import { newTenant } from '../../contract/stores/store-bench.js'
import { resourceKinds, type ResourceKind, type ResourceKindName } from '../../resource-kinds.js'
import { keyLayoutOf } from '../by-kind.js'

/** Writes what the isolation cases of a kind write, and reads the raw keys back as one would read them. */
export async function seededKeys(
  backend: OpenBackend,
  type: BackendType,
  kind: ResourceKindName,
  now: () => number,
  rawKeysOf: (tenant: string) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const tenant = newTenant()
  const line: ResourceKind = resourceKinds[kind]
  const all: Readonly<Record<string, { seed(store: never): Promise<unknown> }>> = isolationCases
  const table = backend.records.for(tenant, keyLayoutOf(kind, type))
  const scope = { mode: 'saas', projectId: 'p', userId: 'u', configScope: 'tenant' } as const
  await all[kind]?.seed(line.open(table, scope, { now, random: () => 0 }) as never)
  const raw = await rawKeysOf(tenant)
  return raw
    .map((key) => key.replaceAll(tenant, 'T').replace(/[0-7][0-9A-HJKMNP-TV-Z]{25}/g, 'ULID'))
    .sort()
}
