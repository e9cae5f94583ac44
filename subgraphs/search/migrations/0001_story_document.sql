-- The search index of stories: a copy that events keep up to date, and that can be rebuilt.
--
-- Words are compared without accents and case, and as they are: no stemming and no stop words,
-- because a tenant's stories can be in any language, and in several.
create extension if not exists unaccent;
create extension if not exists btree_gin;

create text search configuration heirloom (copy = simple);
alter text search configuration heirloom
  alter mapping for asciiword, word, numword, asciihword, hword, numhword,
                    hword_asciipart, hword_part, hword_numpart
  with unaccent, simple;

-- `revision` is the newest that was heard of. A deleted story leaves its row without any text:
-- without it, an older event that comes late would bring the story back.
create table story_document (
  tenant_id text not null,
  story_id  text collate "C" not null,
  legacy_id text collate "C" not null,
  revision  integer not null check (revision > 0),
  deleted   boolean not null default false,
  author_id text not null default '',
  status    text not null default 'DRAFT' check (status in ('DRAFT', 'PUBLISHED')),
  title     text not null default '',
  body      text not null default '',
  -- A: found in the title counts more than B: found in the body. The parser would take what looks
  -- like a tag for markup and skip it, and sea/land for the name of a file: stories are plain text.
  words     tsvector not null generated always as (
              setweight(to_tsvector('heirloom', translate(title, '<>/', '   ')), 'A') ||
              setweight(to_tsvector('heirloom', translate(body, '<>/', '   ')), 'B')) stored,
  primary key (tenant_id, story_id),
  check (not deleted or (title = '' and body = ''))
);
create index story_document_words on story_document using gin (tenant_id, words)
  where not deleted;

alter table story_document enable row level security;
alter table story_document force row level security;
create policy story_document_of_tenant on story_document to heirloom_app
  using (tenant_id = current_setting('heirloom.tenant_id', true))
  with check (tenant_id = current_setting('heirloom.tenant_id', true));
grant select, insert, update on story_document to heirloom_app;
