import { AppError } from '@heirloom/errors'
import type { TenantId } from '@heirloom/tenancy'

export interface DatabaseBinding<T> {
  /** Whose database it is; every tenant's (with rows apart) unless this says so. */
  readonly tenants: ReadonlySet<string> | null
  readonly bound: T
}

/** The databases of a process, by name. */
export interface Databases<T> {
  /** @throws AppError INVALID_INPUT for no name, DATABASE_UNKNOWN */
  resolve(tenant: TenantId, database: string): T
}

export function createDatabases<T>(
  bindings: ReadonlyMap<string, DatabaseBinding<T>>,
): Databases<T> {
  return {
    resolve: (tenant, database) => {
      if (typeof database !== 'string' || database === '') {
        throw new AppError('INVALID_INPUT', 'name the database', { details: { field: 'database' } })
      }
      const binding = bindings.get(database)
      // A tenant is not told that another one has a database of this name.
      if (binding === undefined || binding.tenants?.has(tenant) === false) {
        throw new AppError('DATABASE_UNKNOWN', 'there is no database of this name', {
          details: { database: database.slice(0, 64) },
        })
      }
      return binding.bound
    },
  }
}
