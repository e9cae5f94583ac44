export type { Statement, StatementParameter } from './batch.js'
export { migrate, type Migrations } from './migrate.js'
export {
  createDatabase,
  type Database,
  type DatabaseOptions,
  type TenantDatabase,
} from './database.js'
export { listen } from './listen.js'
export { databaseError } from './errors.js'
export { purge, type Purge } from './purge.js'
export { appRole, ownerRole, workerRole } from './roles.js'
export {
  idempotencyKeyHours,
  idempotencyMigrations,
  idempotent,
  type IdempotentRequest,
  type JsonValue,
} from './idempotency.js'
