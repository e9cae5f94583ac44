/**
 * The three roles of every database. None is a superuser and none has BYPASSRLS.
 *   owner   owns the tables and runs migrations; never used to serve a request
 *   app     serves requests; sees the rows of the one tenant that its transaction is bound to
 *   worker  relays the outbox and seals the audit log of all tenants; has rights on their tables alone
 */
export const ownerRole = 'heirloom_owner'
export const appRole = 'heirloom_app'
export const workerRole = 'heirloom_worker'
