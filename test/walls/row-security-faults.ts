import type { Client } from 'pg'

/** Tables whose rows belong to no tenant, by service, each with its reason. */
export const withoutTenant: Readonly<Record<string, string>> = {
  'gateway.session': 'found by a secret before anybody knows whose it is; sealed',
  'gateway.sign_in': 'found by a secret before anybody knows whose it is; sealed',
  'gateway.account': 'read before a tenant is known, as whoever signs in is looked up',
  'gateway.account_identity': 'likewise: issuer, subject, and the id that they have here',
  'gateway.logout_token': 'ids of tokens that providers have sent, each taken once',
  'gateway.rate_limit': 'counts of addresses, users and tenants alike, and nothing but counts',
}
/** Kysely's own; nobody but the owner has a right to them. */
const ofMigrations = ['schema_migration', 'schema_migration_lock']

/** Policies that show rows of all tenants, and to whom: never to the app role. */
const acrossTenants: Readonly<Record<string, string>> = {
  'outbox.outbox_of_worker': 'the relay publishes the events of all tenants',
  'audit_entry.audit_entry_of_worker': 'the sealer chains the entries of all tenants',
  'audit_seal.audit_seal_of_worker': 'likewise; operators verify with it',
  'audit_pending.audit_pending_of_worker': 'the queue of the sealer',
  'audit_pending.audit_pending_of_owner':
    'the trigger that queues an entry writes, and reads nothing',
  'record.record_listed_by_owner': 'whose data there is, asked through record_tenants()',
  'document.document_listed_by_owner': 'who has tombstones, asked through document_purge_tenants()',
  'token_revocation.token_revocation_listed_by_owner': 'likewise',
}

const ownSchemas = `n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')`
/** What extensions bring is theirs to guard. */
const notOfExtension = (oid: string, catalogue: string) =>
  `not exists (select from pg_depend d where d.deptype = 'e'
     and d.classid = '${catalogue}'::regclass and d.objid = ${oid})`

/** Each way in which the tables, views and functions of one database could show rows of others. */
export async function rowSecurityFaults(client: Client, service: string): Promise<string[]> {
  const found = [await tableFaults(client, service)]
  for (const faults of [policyFaults, viewFaults, functionFaults, roleFaults]) {
    found.push(await faults(client))
  }
  return found.flat().toSorted()
}

async function tableFaults(client: Client, service: string): Promise<string[]> {
  const { rows } = await client.query<{
    name: string
    tenant: boolean
    guarded: boolean
    policies: number
    granted: boolean
  }>(`
    select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as guarded,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id'
        and not a.attisdropped) as tenant,
      (select count(*)::int from pg_policy p where p.polrelid = c.oid) as policies,
      has_table_privilege('heirloom_app', c.oid, 'select, insert, update, delete') as granted
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'f') and ${ownSchemas} and ${notOfExtension('c.oid', 'pg_class')}`)
  return rows.flatMap(({ name, tenant, guarded, policies, granted }) => {
    if (!tenant) {
      const isListed = `${service}.${name}` in withoutTenant
      const isHidden = ofMigrations.includes(name) && !granted
      return isListed || isHidden ? [] : [`${name} has no tenant_id, and no reason to be without`]
    }
    if (!guarded) return [`${name} has no forced row-level security`]
    return policies === 0 ? [`${name} has no policy`] : []
  })
}

/** Permissive policies add up, so each has to name the tenant. */
async function policyFaults(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; held: boolean; reaches: boolean }>(`
    select c.relname || '.' || p.polname as name,
      0 = any(p.polroles) or 'heirloom_app'::regrole = any(p.polroles) as reaches,
      coalesce(pg_get_expr(p.polqual, c.oid), held.expression) = held.expression
        and coalesce(pg_get_expr(p.polwithcheck, c.oid), held.expression) = held.expression as held
    from pg_policy p join pg_class c on c.oid = p.polrelid,
      (values ('(tenant_id = current_setting(''heirloom.tenant_id''::text, true))'))
        as held (expression)
    where p.polpermissive`)
  return rows.flatMap(({ name, held, reaches }) =>
    held || (!reaches && name in acrossTenants) ? [] : [`the policy ${name} names no tenant`],
  )
}

/** A view reads with the rights of its owner unless it says otherwise; a copy has no policies. */
async function viewFaults(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; kind: string; options: string[] | null }>(`
    select c.relname as name, c.relkind as kind, c.reloptions as options
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('v', 'm') and ${ownSchemas} and ${notOfExtension('c.oid', 'pg_class')}`)
  return rows.flatMap(({ name, kind, options }) => {
    if (kind === 'm') return [`${name} is a materialised view, which no policy guards`]
    const isInvoker = options?.includes('security_invoker=true') === true
    return isInvoker ? [] : [`the view ${name} is not security_invoker`]
  })
}

async function functionFaults(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string; path: boolean; everybody: boolean }>(`
    select p.proname as name,
      exists (select from unnest(p.proconfig) one where one like 'search_path=%') as path,
      p.proacl is null or exists (
        select from aclexplode(p.proacl) a where a.grantee = 0 and a.privilege_type = 'EXECUTE'
      ) as everybody
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where p.prosecdef and ${ownSchemas} and ${notOfExtension('p.oid', 'pg_proc')}`)
  return rows.flatMap(({ name, path, everybody }) => [
    ...(path ? [] : [`${name}() is security definer without a fixed search_path`]),
    ...(everybody ? [`${name}() is security definer, and everybody may call it`] : []),
  ])
}

async function roleFaults(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ fault: string }>(`
    select r.rolname || ' bypasses row-level security' as fault from pg_roles r
      where r.rolname like 'heirloom%' and (r.rolsuper or r.rolbypassrls)
    union all
    select m.member::regrole || ' is a member of ' || m.roleid::regrole from pg_auth_members m
      where m.member in ('heirloom_app'::regrole, 'heirloom_worker'::regrole)
    union all
    select r.rolname || ' may create in ' || n.nspname from pg_roles r, pg_namespace n
      where r.rolname in ('heirloom_app', 'heirloom_worker')
        and has_schema_privilege(r.oid, n.oid, 'create') and n.nspname not like 'pg_temp%'
    union all
    select r.rolname || ' may make temporary tables' from pg_roles r
      where r.rolname in ('heirloom_app', 'heirloom_worker')
        and has_database_privilege(r.oid, current_database(), 'temporary')
    union all
    select 'heirloom_app may ' || lower(a.privilege_type) || ' ' || c.relname
      from pg_class c, aclexplode(c.relacl) a
      where c.relkind in ('r', 'p') and a.grantee = 'heirloom_app'::regrole
        and a.privilege_type in ('TRUNCATE', 'REFERENCES', 'TRIGGER', 'MAINTAIN')
    union all
    select 'heirloom_app owns ' || c.relname from pg_class c
      where c.relowner = 'heirloom_app'::regrole`)
  return rows.map(({ fault }) => fault)
}
