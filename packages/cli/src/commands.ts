import type { Command } from './command.js'
import { authzExplain } from './commands/authz/explain.js'
import { auditHead } from './commands/audit/head.js'
import { auditVerify } from './commands/audit/verify.js'
import { documentsBackfill } from './commands/documents/backfill.js'
import { gateway } from './commands/gateway.js'
import { importGedcom } from './commands/import-gedcom.js'
import { query } from './commands/query.js'
import { routes } from './commands/routes/index.js'
import { timeline } from './commands/timeline.js'
import { token } from './commands/token.js'

/** One line per command; the order is that of the help. */
export const commands: readonly Command[] = [
  importGedcom,
  timeline,
  ...routes,
  documentsBackfill,
  authzExplain,
  auditVerify,
  auditHead,
  query,
  token,
  gateway,
]
