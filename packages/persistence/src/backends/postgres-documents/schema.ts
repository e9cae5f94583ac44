import type { Migrations } from '@heirloom/postgres'

/** Tables of documents, users and revocations, for every service that opens this backend. */
export const documentMigrations: Migrations = {
  prefix: 'documents',
  directory: new URL('../../../migrations/documents/', import.meta.url),
}

/** Statements are written out in SQL; nothing is built from column types. */
export type DocumentSchema = Record<string, never>

/** Indexes that the migration makes and that every start verifies. */
export const requiredIndexes = [
  'document_pkey',
  'document_collection',
  'document_expiry',
  'document_head_pkey',
  'document_change_pkey',
  'document_change_collection',
] as const
export const requiredUserIndexes = ['document_user_pkey', 'document_user_username'] as const
export const requiredRevocationIndexes = [
  'token_revocation_pkey',
  'token_revocation_expiry',
] as const
