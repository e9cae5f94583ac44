-- People, their ties and where they came from. Ids and everything else that is compared or
-- ordered by bytes is collated "C": the order of ULIDs is the order of creation.
create table person (
  tenant_id   text collate "C" not null,
  id          text collate "C" not null,
  legacy_id   text collate "C" not null,
  name        text not null,
  -- The name without case and accents, made by the domain (search-name.ts).
  search_name text collate "C" not null,
  given_name  text,
  surname     text,
  title       text,
  sex         text not null check (sex in ('FEMALE', 'MALE', 'OTHER', 'UNKNOWN')),
  birth_date  text,
  birth_year  integer,
  birth_place text,
  death_date  text,
  death_year  integer,
  death_place text,
  created_at  timestamptz not null default now(),
  primary key (tenant_id, id),
  -- Also what ties point at, so that both ends are in the tie's own legacy.
  unique (tenant_id, legacy_id, id)
);

-- PARENT: from is a parent of to. PARTNER has no direction: stored once, the smaller id first.
create table relationship (
  tenant_id  text collate "C" not null,
  id         text collate "C" not null,
  legacy_id  text collate "C" not null,
  kind       text collate "C" not null check (kind in ('PARENT', 'PARTNER')),
  from_id    text collate "C" not null,
  to_id      text collate "C" not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  unique (tenant_id, from_id, kind, to_id),
  check (from_id <> to_id),
  check (kind = 'PARENT' or from_id < to_id),
  foreign key (tenant_id, legacy_id, from_id) references person (tenant_id, legacy_id, id),
  foreign key (tenant_id, legacy_id, to_id) references person (tenant_id, legacy_id, id)
);
create index relationship_backward on relationship (tenant_id, to_id, kind, from_id);

-- The name that an imported source has for a person: a second import finds the person by it.
create table external_person (
  tenant_id   text collate "C" not null,
  legacy_id   text collate "C" not null,
  source      text collate "C" not null,
  external_id text collate "C" not null,
  person_id   text collate "C" not null,
  primary key (tenant_id, legacy_id, source, external_id),
  foreign key (tenant_id, legacy_id, person_id) references person (tenant_id, legacy_id, id)
);

-- Stories live in another service: their ids are checked there before a link is written.
create table story_person (
  tenant_id  text collate "C" not null,
  story_id   text collate "C" not null,
  person_id  text collate "C" not null,
  created_at timestamptz not null default now(),
  primary key (tenant_id, story_id, person_id),
  foreign key (tenant_id, person_id) references person (tenant_id, id)
);
create index story_person_backward on story_person (tenant_id, person_id, story_id);

alter table person enable row level security;
alter table person force row level security;
create policy person_of_tenant on person to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
grant select, insert, update on person to heirloom_app;

alter table relationship enable row level security;
alter table relationship force row level security;
create policy relationship_of_tenant on relationship to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
grant select, insert on relationship to heirloom_app;

alter table external_person enable row level security;
alter table external_person force row level security;
create policy external_person_of_tenant on external_person to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
grant select, insert on external_person to heirloom_app;

alter table story_person enable row level security;
alter table story_person force row level security;
create policy story_person_of_tenant on story_person to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
grant select, insert on story_person to heirloom_app;
