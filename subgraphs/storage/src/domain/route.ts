import type { Mode, TenantId } from '@heirloom/tenancy'

export type BackendType = 'postgres' | 'dynamodb' | 'firestore' | 'cosmos' | 'filesystem' | 'memory'

/** Which backend keeps one kind of data, and for whom. */
export interface Route {
  readonly id: string
  readonly resourceKind: string
  /** Null: any tenant. */
  readonly tenantId: TenantId | null
  readonly env: string
  /** Empty: every mode. */
  readonly modes: readonly Mode[]
  readonly projectId: string | null
  readonly surfaceId: string | null
  readonly backendType: BackendType
  /** As it may be shown: secrets redacted. */
  readonly config: Readonly<Record<string, string>>
  readonly tier: string | null
  readonly costNotes: string | null
  readonly updatedAt: Date
  readonly updatedBy: string
  readonly previousBackendType: BackendType | null
  readonly switchRationale: string | null
  readonly lastSwitchTime: Date | null
  readonly placement: Placement
}

export type Strategy = 'single' | 'dual-write' | 'read-replica'

/** Whether the data lies on one backend, or a second one is kept in step. */
export interface Placement {
  readonly strategy: Strategy
  readonly shadow: {
    readonly backendType: BackendType
    /** As it may be shown: secrets redacted. */
    readonly config: Readonly<Record<string, string>>
  } | null
  readonly writes: 'open' | 'held'
  readonly migrationId: string | null
}

export interface NewRoute {
  readonly resourceKind: string
  readonly tenantId: TenantId | null
  readonly env: string | null
  readonly modes: readonly Mode[]
  readonly projectId: string | null
  readonly surfaceId: string | null
  readonly backendType: BackendType
  readonly config: unknown
  readonly tier: string | null
  readonly costNotes: string | null
  readonly switchRationale: string | null
}

/** One page of a list, in Relay's shape. */
export interface Page<Node> {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[]
  readonly nodes: readonly Node[]
  readonly pageInfo: { readonly endCursor: string | null; readonly hasNextPage: boolean }
}
export type RoutePage = Page<Route>
