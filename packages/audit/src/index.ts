export type { ChainHead } from './chain.js'
export { canonicalLink, linkHash, type EntryRow, type Outcome } from './entry.js'
export type { Finding, FindingKind } from './finding.js'
export {
  auditAttempts,
  auditDenials,
  type DeedOfMutation,
  type DeedsOfMutations,
  type MutationAuditOptions,
} from './mutations.js'
export {
  createAuditReader,
  type AuditEntry,
  type AuditQuery,
  type AuditReader,
  type AuditSeal,
} from './reader.js'
export { createSealer, sealOnce, type Sealer, type SealerOptions } from './sealer.js'
export { openAudit, type OpenedAudit, type Verified, type VerifyOptions } from './verify.js'
export {
  auditMigrations,
  createAuditWriter,
  type AuditWriter,
  type AuditWriterOptions,
  type Deed,
  type ToldOutcome,
} from './writer.js'
