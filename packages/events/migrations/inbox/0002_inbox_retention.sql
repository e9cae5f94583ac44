-- Rows are deleted once their event cannot be delivered any more (inboxRetentionDays in
-- src/inbox.ts); applied_at is when it was last delivered.
create index inbox_by_age on inbox (tenant_id, applied_at);
grant update, delete on inbox to heirloom_app;
