#!/bin/sh
# Runs once in an empty Postgres: the three roles, and one database per service.
# The roles are the ones that packages/postgres/src/roles.ts explains.
set -eu
psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<SQL
create role heirloom_owner login nosuperuser nobypassrls password '${HEIRLOOM_OWNER_PASSWORD}';
create role heirloom_app login nosuperuser nobypassrls password '${HEIRLOOM_APP_PASSWORD}';
create role heirloom_worker login nosuperuser nobypassrls password '${HEIRLOOM_WORKER_PASSWORD}';
SQL
for service in gateway stories graph media search storage plugins; do
  psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<SQL
create database heirloom_${service} owner heirloom_owner;
revoke all on database heirloom_${service} from public;
grant connect on database heirloom_${service} to heirloom_app, heirloom_worker;
SQL
  psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "heirloom_${service}" <<SQL
grant usage on schema public to heirloom_app, heirloom_worker;
grant create, usage on schema public to heirloom_owner;
SQL
done
