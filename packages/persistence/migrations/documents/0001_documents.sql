-- Documents, their changes, users and revoked tokens: rows of a tenant in one of its databases.
-- An id is {database}:{hash}, so that the same path is another row in another database. Text
-- compares by its bytes ("C"), as it does in the other backends.

create table document (
  tenant_id       text collate "C" not null,
  database        text collate "C" not null check (database <> ''),
  id              text collate "C" not null check (starts_with(id, database || ':')),
  fullpath        text collate "C" not null,
  collection      text collate "C" not null,
  collection_hash text collate "C" not null,
  shape           text collate "C" not null,
  parent          text collate "C" not null,
  version         bigint not null,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  data            jsonb not null,
  deleted         boolean not null default false,
  expires_at      timestamptz check (deleted = (expires_at is not null)),
  primary key (tenant_id, id)
);
create index document_collection on document (tenant_id, database, collection_hash, id)
  where not deleted;
create index document_expiry on document (tenant_id, expires_at) where deleted;

-- The order that queries promise: null and absent, numbers, texts, booleans. Composite indexes are
-- made of these three per field; none of them is ever null, so that rows compare as a whole.
create function document_rank(data jsonb, path text[]) returns smallint
  language sql immutable parallel safe return
  (case jsonb_typeof(data #> path)
     when 'number' then 1 when 'string' then 2 when 'object' then 3 when 'array' then 4
     when 'boolean' then 5 else 0 end)::smallint;
create function document_number(data jsonb, path text[]) returns float8
  language sql immutable parallel safe return
  case jsonb_typeof(data #> path)
    when 'number' then (data #>> path)::float8
    when 'boolean' then (case data #>> path when 'true' then 1 else 0 end)::float8
    else 0 end;
create function document_text(data jsonb, path text[]) returns text
  language sql immutable parallel safe return
  (case jsonb_typeof(data #> path) when 'string' then data #>> path else '' end) collate "C";

-- A writer locks the head of its database last, takes the next position and commits. So positions
-- have no gaps and are visible in their order, which a sequence would not give.
create table document_head (
  tenant_id text collate "C" not null,
  database  text collate "C" not null,
  position  bigint not null,
  -- Changes up to this one are not kept any more.
  trimmed   bigint not null default 0,
  primary key (tenant_id, database)
);
create table document_change (
  tenant_id       text collate "C" not null,
  database        text collate "C" not null,
  position        bigint not null,
  type            text not null check (type in ('created', 'updated', 'deleted')),
  at              timestamptz not null,
  id              text collate "C" not null,
  fullpath        text collate "C" not null,
  collection      text collate "C" not null,
  collection_hash text collate "C" not null,
  shape           text collate "C" not null,
  parent          text collate "C" not null,
  version         bigint not null,
  created_at      timestamptz not null,
  updated_at      timestamptz not null,
  data            jsonb not null,
  primary key (tenant_id, database, position)
);
create index document_change_collection
  on document_change (tenant_id, database, collection_hash, position);

create table document_user (
  tenant_id     text collate "C" not null,
  database      text collate "C" not null check (database <> ''),
  id            text collate "C" not null check (starts_with(id, database || ':')),
  username      text collate "C" not null,
  password_hash text,
  roles         text[] not null,
  disabled      boolean not null,
  profile       jsonb not null,
  version       bigint not null,
  created_at    timestamptz not null,
  updated_at    timestamptz not null,
  last_login_at timestamptz,
  failed_logins integer not null default 0,
  locked_until  timestamptz,
  primary key (tenant_id, id)
);
create unique index document_user_username on document_user (tenant_id, database, username);

create table token_revocation (
  tenant_id  text collate "C" not null,
  database   text collate "C" not null check (database <> ''),
  id         text collate "C" not null check (starts_with(id, database || ':')),
  revoked_at timestamptz not null,
  expires_at timestamptz not null,
  primary key (tenant_id, id)
);
create index token_revocation_expiry on token_revocation (tenant_id, expires_at);

do $$
declare
  name text;
begin
  foreach name in array
    array['document', 'document_head', 'document_change', 'document_user', 'token_revocation']
  loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      $policy$create policy %I on %I to heirloom_app
        using (tenant_id = current_setting('heirloom.tenant_id', true))
        with check (tenant_id = current_setting('heirloom.tenant_id', true))$policy$,
      name || '_of_tenant', name);
    execute format('grant select, insert, update, delete on %I to heirloom_app', name);
  end loop;
end $$;
