-- Tombstones and revocations whose time is over are deleted tenant by tenant. Row-level security
-- hides from the app role whose they are, so it may ask this one thing, and gets ids alone.
create policy document_listed_by_owner on document for select to heirloom_owner using (true);
create policy token_revocation_listed_by_owner on token_revocation for select to heirloom_owner
  using (true);

-- Loose index scans: one descent of each of the two expiry indexes per tenant.
create function document_purge_tenants(after_tenant text, up_to integer) returns setof text
language plpgsql stable security definer set search_path = pg_catalog, public as $$
declare
  found_tenant text := after_tenant;
begin
  for step in 1..up_to loop
    select min(tenant_id) into found_tenant from (
      (select d.tenant_id from public.document d
        where d.deleted and d.tenant_id > found_tenant collate "C" order by d.tenant_id limit 1)
      union all
      (select t.tenant_id from public.token_revocation t
        where t.tenant_id > found_tenant collate "C" order by t.tenant_id limit 1)
    ) as next_of_each;
    exit when found_tenant is null;
    return next found_tenant;
  end loop;
end
$$;
revoke all on function document_purge_tenants(text, integer) from public;
grant execute on function document_purge_tenants(text, integer) to heirloom_app;
