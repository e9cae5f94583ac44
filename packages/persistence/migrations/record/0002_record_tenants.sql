-- Moving the data of a route for any tenant begins with the question whose data there is. Row-level
-- security rightly hides that from the app role, so it may ask this one thing, and gets ids alone.
-- The owner, whom FORCE binds too, sees the rows for it; the owner never serves a request.
create policy record_listed_by_owner on record for select to heirloom_owner using (true);

-- A loose index scan: one descent of the primary key per tenant, however many records each has.
create function record_tenants(after_tenant text, up_to integer) returns setof text
language plpgsql stable security definer set search_path = pg_catalog, public as $$
declare
  found_tenant text := after_tenant;
begin
  for step in 1..up_to loop
    select r.tenant_id into found_tenant from public.record r
      where r.tenant_id > found_tenant collate "C" order by r.tenant_id limit 1;
    exit when not found;
    return next found_tenant;
  end loop;
end
$$;
revoke all on function record_tenants(text, integer) from public;
grant execute on function record_tenants(text, integer) to heirloom_app;
