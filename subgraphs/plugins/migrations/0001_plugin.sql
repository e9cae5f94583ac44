create table plugin (
  tenant_id    text not null,
  id           text not null,
  name         text not null,
  version      text not null,
  base_url     text not null,
  capabilities text[] not null,
  status       text not null check (status in ('REGISTERED', 'ENABLED', 'DISABLED')),
  created_at   timestamptz not null,
  primary key (tenant_id, id),
  unique (tenant_id, name)
);

alter table plugin enable row level security;
alter table plugin force row level security;
create policy plugin_of_tenant on plugin to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
grant select, insert, update on plugin to heirloom_app;
