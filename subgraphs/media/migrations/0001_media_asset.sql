create table media_asset (
  tenant_id    text not null,
  id           text not null,
  legacy_id    text not null,
  story_id     text,
  linked_at    timestamptz,
  author_id    text not null,
  file_name    text not null,
  content_type text not null,
  size_bytes   bigint not null check (size_bytes > 0),
  sha256       text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  caption      text,
  status       text not null check (status in ('PENDING', 'READY')),
  created_at   timestamptz not null,
  uploaded_at  timestamptz,
  primary key (tenant_id, id),
  check ((story_id is null) = (linked_at is null)),
  check ((status = 'READY') = (uploaded_at is not null))
);
create index media_asset_of_legacy on media_asset (tenant_id, legacy_id, id);
create index media_asset_of_story on media_asset (tenant_id, story_id, linked_at, id)
  where story_id is not null;

alter table media_asset enable row level security;
alter table media_asset force row level security;
create policy media_asset_of_tenant on media_asset to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
grant select, insert, update on media_asset to heirloom_app;
