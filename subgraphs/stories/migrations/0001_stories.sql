-- Tenants, the people who act in them, legacies, stories and their revisions. Ids are ULIDs in
-- the "C" collation, so that their order is the order of their bytes, on every server alike.

create table tenant (
  tenant_id  text not null primary key,
  name       text not null,
  created_at timestamptz not null
);

create table app_user (
  tenant_id    text not null references tenant,
  user_id      text not null,
  display_name text not null,
  created_at   timestamptz not null,
  primary key (tenant_id, user_id)
);

create table legacy (
  tenant_id   text not null,
  legacy_id   text collate "C" not null,
  slug        text not null,
  title       text not null,
  description text,
  created_by  text not null,
  created_at  timestamptz not null,
  primary key (tenant_id, legacy_id),
  unique (tenant_id, slug),
  foreign key (tenant_id, created_by) references app_user
);

-- `revision` counts every change; a deleted story keeps its row as a tombstone that nobody reads.
create table story (
  tenant_id    text not null,
  story_id     text collate "C" not null,
  legacy_id    text collate "C" not null,
  title        text not null,
  body         text not null,
  status       text not null check (status in ('DRAFT', 'PUBLISHED')),
  revision     integer not null check (revision > 0),
  author_id    text not null,
  created_at   timestamptz not null,
  updated_at   timestamptz not null,
  published_at timestamptz check ((published_at is not null) = (status = 'PUBLISHED')),
  deleted_at   timestamptz,
  primary key (tenant_id, story_id),
  foreign key (tenant_id, legacy_id) references legacy,
  foreign key (tenant_id, author_id) references app_user
);
create index story_of_legacy on story (tenant_id, legacy_id, story_id) where deleted_at is null;
create index story_of_author on story (tenant_id, author_id, story_id) where deleted_at is null;

-- Append-only: the app role has no right to change or remove a row.
create table revision (
  tenant_id   text not null,
  revision_id text collate "C" not null,
  story_id    text collate "C" not null,
  number      integer not null check (number > 0),
  title       text not null,
  body        text not null,
  status      text not null check (status in ('DRAFT', 'PUBLISHED')),
  author_id   text not null,
  created_at  timestamptz not null,
  primary key (tenant_id, revision_id),
  unique (tenant_id, story_id, number),
  foreign key (tenant_id, story_id) references story,
  foreign key (tenant_id, author_id) references app_user
);

-- FORCE, so that not even the tables' owner reads a row without being named by a policy.
alter table tenant enable row level security;
alter table tenant force row level security;
alter table app_user enable row level security;
alter table app_user force row level security;
alter table legacy enable row level security;
alter table legacy force row level security;
alter table story enable row level security;
alter table story force row level security;
alter table revision enable row level security;
alter table revision force row level security;

create policy tenant_itself on tenant to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
create policy app_user_of_tenant on app_user to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
create policy legacy_of_tenant on legacy to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
create policy story_of_tenant on story to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
create policy revision_of_tenant on revision to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));

grant select, insert, update on app_user, story to heirloom_app;
grant select, insert on tenant, legacy, revision to heirloom_app;
