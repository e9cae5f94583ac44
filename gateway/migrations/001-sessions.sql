-- Sessions and sign-ins under way. They are found by a secret that only the browser holds, before
-- anybody knows which tenant it belongs to: hence no tenant column and no row-level security.
-- Only the SHA-256 of the secret is stored, and everything else that matters is encrypted.

create table session (
  id_hash       bytea primary key check (octet_length(id_hash) = 32),
  key_id        text not null,
  sealed        bytea not null,
  created_at    timestamptz not null,
  last_seen_at  timestamptz not null,
  expires_at    timestamptz not null
);
create index session_expires_at on session (expires_at);

create table sign_in (
  id_hash     bytea primary key check (octet_length(id_hash) = 32),
  key_id      text not null,
  sealed      bytea not null,
  expires_at  timestamptz not null
);
create index sign_in_expires_at on sign_in (expires_at);

grant select, insert, update, delete on session, sign_in to heirloom_app;
