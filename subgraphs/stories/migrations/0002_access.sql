-- Who may do what: roles at the scope of the tenant, of a legacy and of a story, invitations to
-- them, and what decides who reads a story. Columns are added with defaults and nothing is
-- rewritten, so that processes of the version before go on beside those of this one.

-- Counts every change of anybody's access. Whoever changes access locks the tenant's row first, so
-- that two changes of one tenant never run beside each other.
alter table tenant add column access_version bigint not null default 0;
grant update (access_version) on tenant to heirloom_app;

-- At tenant scope. What was granted here holds instead of what the identity provider says; who was
-- removed here has no role, whatever the provider says.
create table membership (
  tenant_id     text not null,
  user_id       text not null,
  provider_role text check (provider_role in ('owner', 'editor', 'contributor', 'viewer')),
  granted_role  text check (granted_role in ('owner', 'editor', 'contributor', 'viewer')),
  removed       boolean not null default false,
  changed_by    text,
  changed_at    timestamptz not null,
  primary key (tenant_id, user_id),
  foreign key (tenant_id, user_id) references app_user,
  check (not (removed and granted_role is not null))
);

-- Below the tenant: on a legacy, or on a story of it. `scope_id` is the id of either.
create table role_grant (
  tenant_id  text not null,
  user_id    text not null,
  scope_id   text collate "C" not null,
  legacy_id  text collate "C" not null,
  story_id   text collate "C",
  role       text not null check (role in ('owner', 'editor', 'contributor', 'viewer')),
  granted_by text not null,
  granted_at timestamptz not null,
  primary key (tenant_id, user_id, scope_id),
  foreign key (tenant_id, user_id) references app_user,
  foreign key (tenant_id, legacy_id) references legacy,
  foreign key (tenant_id, story_id) references story,
  check (scope_id = coalesce(story_id, legacy_id))
);
create index role_grant_of_scope on role_grant (tenant_id, scope_id, user_id);

-- A secret of 256 random bits accepts it once; its hash alone is kept.
create table invitation (
  tenant_id     text not null,
  invitation_id text collate "C" not null,
  email         text not null,
  role          text not null check (role in ('owner', 'editor', 'contributor', 'viewer')),
  legacy_id     text collate "C",
  story_id      text collate "C",
  secret_hash   bytea not null,
  invited_by    text not null,
  created_at    timestamptz not null,
  expires_at    timestamptz not null,
  accepted_by   text,
  accepted_at   timestamptz,
  revoked_at    timestamptz,
  primary key (tenant_id, invitation_id),
  unique (tenant_id, secret_hash),
  foreign key (tenant_id, invited_by) references app_user,
  foreign key (tenant_id, accepted_by) references app_user,
  foreign key (tenant_id, legacy_id) references legacy,
  foreign key (tenant_id, story_id) references story,
  check (story_id is null or legacy_id is not null),
  check ((accepted_at is null) = (accepted_by is null)),
  check (accepted_at is null or revoked_at is null)
);

-- `status` says whether the story is published, as before; `moderation` where it stands while it
-- is not. A process of the version before publishes without looking at it: then `status` counts.
alter table story
  add column level text not null default 'TENANT' check (level in ('PRIVATE', 'LEGACY', 'TENANT')),
  add column moderation text check (moderation in ('IN_REVIEW', 'REJECTED', 'HIDDEN')),
  add column moderation_note text;

alter table membership enable row level security;
alter table membership force row level security;
alter table role_grant enable row level security;
alter table role_grant force row level security;
alter table invitation enable row level security;
alter table invitation force row level security;

create policy membership_of_tenant on membership to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
create policy role_grant_of_tenant on role_grant to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
create policy invitation_of_tenant on invitation to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));

-- The tenant's row is changed by its own tenant alone: its policy is for all commands.
grant select, insert, update on membership, invitation to heirloom_app;
grant select, insert, update, delete on role_grant to heirloom_app;
