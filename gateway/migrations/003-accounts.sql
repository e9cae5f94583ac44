-- Whom providers vouch for, and whose sessions are whose. A person signs in as (issuer, subject);
-- several such pairs may be one account, whose id is what records name as their author. Like
-- sessions, these rows are read before a tenant is known: no tenant column, no row-level security.

create table account (
  user_id     text primary key,
  created_at  timestamptz not null
);

create table account_identity (
  id         text primary key,
  issuer     text not null,
  subject    text not null,
  user_id    text not null references account,
  linked_at  timestamptz not null,
  unique (issuer, subject)
);
create index account_identity_user on account_identity (user_id);

-- Nullable, so that a gateway of the version before can still write while the new one comes up. A
-- row without a user reads as absent: its browser signs in again.
alter table session
  add column user_id           text,
  add column issuer            text,
  add column subject           text,
  add column provider_session  text;
create index session_by_user on session (user_id);
create index session_by_subject on session (issuer, subject);
create index session_by_provider_session on session (issuer, provider_session);

-- OpenID Connect Back-Channel Logout 1.0, section 2.6: a logout token is taken once.
create table logout_token (
  issuer      text not null,
  jti         text not null,
  expires_at  timestamptz not null,
  primary key (issuer, jti)
);
create index logout_token_expires_at on logout_token (expires_at);

-- Every gateway process listens, and looks again at what it keeps open for the session; whoever
-- changed or deleted the row, an operator by hand included.
create function notify_session_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('heirloom_gateway', 'session ' || encode(old.id_hash, 'hex'));
  return null;
end $$;
create trigger session_changed after delete or update of sealed on session
  for each row execute function notify_session_changed();

create function notify_identity_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('heirloom_gateway', 'identities');
  return null;
end $$;
create trigger identity_changed after insert or update or delete on account_identity
  for each statement execute function notify_identity_changed();

grant select, insert, update, delete on account, account_identity, logout_token to heirloom_app;
