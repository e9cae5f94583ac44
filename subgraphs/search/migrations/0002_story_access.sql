-- Who reads a story besides its status: its level, and where it stands while it is not published.
-- What was indexed before is read by all members once it is published, as it was.
alter table story_document
  add column level text not null default 'TENANT' check (level in ('PRIVATE', 'LEGACY', 'TENANT')),
  add column state text check (state in ('DRAFT', 'IN_REVIEW', 'PUBLISHED', 'REJECTED', 'HIDDEN'));
