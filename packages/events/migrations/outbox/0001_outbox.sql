-- The outbox: written in the same transaction as the change that it tells of. The app role may
-- add rows for its own tenant; only the worker role sees all of them.
create table outbox (
  seq          bigint generated always as identity primary key,
  event_id     text not null unique,
  tenant_id    text not null,
  resource_key text not null,
  event        jsonb not null,
  created_at   timestamptz not null default now(),
  published_at timestamptz
);
create index outbox_pending on outbox (seq) where published_at is null;

alter table outbox enable row level security;
alter table outbox force row level security;
create policy outbox_of_tenant on outbox to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
create policy outbox_of_worker on outbox to heirloom_worker using (true) with check (true);
grant insert on outbox to heirloom_app;
grant select, update, delete on outbox to heirloom_worker;
