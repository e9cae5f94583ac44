-- The audit log of one service. An entry commits with the write that it tells of; the sealer gives
-- it its place in its tenant's chain afterwards. Nobody may change or remove either.
create table audit_entry (
  tenant_id      text not null,
  entry_id       text collate "C" not null,
  service        text not null,
  occurred_at    timestamptz not null,
  actor          text not null,
  plugin         text,
  roles          text[] not null,
  action         text not null,
  resource_kind  text not null,
  resource_id    text,
  outcome        text not null check (outcome in ('DONE', 'BEGUN', 'FAILED', 'DENIED')),
  code           text check ((code is not null) = (outcome in ('FAILED', 'DENIED'))),
  source_ip      text,
  user_agent     text,
  correlation_id text not null,
  primary key (tenant_id, entry_id)
);
create index audit_entry_of_actor on audit_entry (tenant_id, actor, entry_id);
create index audit_entry_of_resource on audit_entry (tenant_id, resource_id, entry_id);

-- One link of a tenant's chain: positions count from 1 without a gap.
create table audit_seal (
  tenant_id     text not null,
  position      bigint not null check (position > 0),
  entry_id      text collate "C" not null,
  previous_hash text check ((previous_hash is null) = (position = 1)),
  hash          text not null,
  sealed_at     timestamptz not null default clock_timestamp(),
  primary key (tenant_id, position),
  unique (tenant_id, entry_id)
);

-- What waits for its seal. A queue, not a position: an entry that commits late is still in it.
create table audit_pending (
  seq       bigint generated always as identity primary key,
  tenant_id text not null,
  entry_id  text collate "C" not null
);

-- As the owner, so that the app role can neither add to the queue nor take from it.
create function audit_entry_waits() returns trigger language plpgsql
security definer set search_path from current as $$
begin
  insert into audit_pending (tenant_id, entry_id) select tenant_id, entry_id from added;
  return null;
end $$;
revoke execute on function audit_entry_waits() from public;
create trigger audit_entry_waits after insert on audit_entry
  referencing new table as added for each statement execute function audit_entry_waits();

-- Not even the owner of the tables changes them by mistake.
create function audit_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'restrict_violation';
end $$;
create trigger audit_entry_append_only before update or delete or truncate on audit_entry
  for each statement execute function audit_is_append_only();
create trigger audit_seal_append_only before update or delete or truncate on audit_seal
  for each statement execute function audit_is_append_only();

alter table audit_entry enable row level security;
alter table audit_entry force row level security;
alter table audit_seal enable row level security;
alter table audit_seal force row level security;
alter table audit_pending enable row level security;
alter table audit_pending force row level security;

create policy audit_entry_of_tenant on audit_entry to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
create policy audit_entry_of_worker on audit_entry for select to heirloom_worker using (true);
create policy audit_seal_of_tenant on audit_seal to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
create policy audit_seal_of_worker on audit_seal to heirloom_worker using (true) with check (true);
create policy audit_pending_of_tenant on audit_pending to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
-- The trigger above writes here.
create policy audit_pending_of_owner on audit_pending for insert to heirloom_owner
  with check (true);
create policy audit_pending_of_worker on audit_pending to heirloom_worker
  using (true) with check (true);

grant select, insert on audit_entry to heirloom_app;
grant select on audit_seal to heirloom_app;
grant select on audit_entry to heirloom_worker;
grant select, insert on audit_seal to heirloom_worker;
grant select, delete on audit_pending to heirloom_worker;
