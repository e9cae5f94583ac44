-- How much of each limit was used in its current window, by every gateway together. What is in it
-- is worth a minute: after a crash it starts empty. The columns are those that the library
-- rate-limiter-flexible reads and writes; `expire` is in milliseconds since 1970.

create unlogged table rate_limit (
  key     text primary key,
  points  integer not null default 0,
  expire  bigint
);
create index rate_limit_expire on rate_limit (expire);

grant select, insert, update, delete on rate_limit to heirloom_app;
