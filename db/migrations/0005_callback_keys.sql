-- Secrets that sign the token in X-Callback-Url. Signed, a forged callback is refused without a look at the jobs.
create table app_jobs.callback_keys (
  id integer generated always as identity,
  secret text not null,
  created_at timestamptz not null default now(),
  constraint callback_keys_pkey primary key (id)
);

comment on table app_jobs.callback_keys is 'Signing keys of callback tokens: the newest signs, all verify.';
comment on column app_jobs.callback_keys.id is 'Order of the keys.';
comment on column app_jobs.callback_keys.secret is 'Key of the HMAC, as text.';
comment on column app_jobs.callback_keys.created_at is 'When the key was made.';

-- gen_random_uuid() draws from the server's strong generator: two give 244 random bits.
insert into app_jobs.callback_keys (secret)
values (replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''));
