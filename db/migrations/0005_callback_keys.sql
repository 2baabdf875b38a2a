-- Secrets that sign the token in X-Callback-Url. Signed, a forged callback is refused without a look at the jobs.
--
-- The secret is the key of the table, not its number: rows that are restored into a database with a key of its own join that one, and
-- what was signed before stays good. gen_random_uuid() draws from the server's strong generator: two give 244 random bits.
create table app_jobs.callback_keys (
  id integer generated always as identity,
  secret text not null default replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', ''),
  created_at timestamptz not null default now(),
  constraint callback_keys_pkey primary key (secret)
);

comment on table app_jobs.callback_keys is 'Signing keys of callback tokens: the newest signs, all verify.';
comment on column app_jobs.callback_keys.id is 'Order of keys that were made at one time.';
comment on column app_jobs.callback_keys.secret is 'Key of the HMAC, as text.';
comment on column app_jobs.callback_keys.created_at is 'When the key was made.';

insert into app_jobs.callback_keys default values;
