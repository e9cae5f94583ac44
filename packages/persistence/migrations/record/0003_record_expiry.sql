-- For the deletion of what has expired, tenant by tenant; most records never do, and are not in it.
create index record_expired on record (tenant_id, expires_at) where expires_at is not null;
