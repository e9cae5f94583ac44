-- One table for every record of every store. A version comes from one sequence and is never used
-- twice, so that a record that was deleted and written again cannot pass for the old one.
-- Keys sort by their bytes ("C"), because stores read ranges and every backend must agree on them.
create sequence record_version;

create table record (
  tenant_id  text collate "C" not null,
  pk         text collate "C" not null,
  sk         text collate "C" not null,
  version    bigint not null default nextval('record_version'),
  value      jsonb not null,
  expires_at timestamptz,
  primary key (tenant_id, pk, sk)
);

alter table record enable row level security;
alter table record force row level security;
create policy record_of_tenant on record to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
grant select, insert, update, delete on record to heirloom_app;
grant usage on sequence record_version to heirloom_app;
