-- What a mutation with an idempotency key answered the first time. The primary key makes two
-- simultaneous requests with one key wait for each other.
create table idempotency (
  tenant_id  text not null,
  actor_id   text not null,
  operation  text not null,
  key        text not null,
  input_hash text not null,
  result     jsonb,
  created_at timestamptz not null default now(),
  primary key (tenant_id, actor_id, operation, key)
);
create index idempotency_age on idempotency (tenant_id, created_at);

alter table idempotency enable row level security;
alter table idempotency force row level security;
create policy idempotency_of_tenant on idempotency to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
grant select, insert, update, delete on idempotency to heirloom_app;
