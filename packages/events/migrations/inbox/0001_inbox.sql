-- Which events a handler has applied. The row commits with the handler's own change, so that an
-- event which the bus delivers twice is applied once.
create table inbox (
  tenant_id  text not null,
  handler    text not null,
  event_id   text not null,
  applied_at timestamptz not null default now(),
  primary key (tenant_id, handler, event_id)
);

alter table inbox enable row level security;
alter table inbox force row level security;
create policy inbox_of_tenant on inbox to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
grant select, insert on inbox to heirloom_app;
