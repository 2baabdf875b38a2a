-- The tables that the mail functions read over GraphQL, as the published system names them. Safe to run again.

create schema if not exists metaschema_public;
create schema if not exists services_public;
create schema if not exists roles_public;

comment on schema metaschema_public is 'The tenants: one row of metaschema_public.database each.';
comment on schema services_public is 'What a tenant shows the world: sites, their domains, themes and modules.';
comment on schema roles_public is 'The people who use a tenant''s application.';

create table if not exists metaschema_public.database (
  id uuid constraint database_pkey primary key default gen_random_uuid(),
  name text not null,
  created_at timestamptz not null default now()
);

comment on table metaschema_public.database is 'A tenant. Jobs carry its id as database_id.';
comment on column metaschema_public.database.id is 'What app_jobs.add_job takes as db_id.';
comment on column metaschema_public.database.name is 'Name of the tenant, for people.';
comment on column metaschema_public.database.created_at is 'When the tenant was made.';

create table if not exists services_public.sites (
  id uuid constraint sites_pkey primary key default gen_random_uuid(),
  database_id uuid not null constraint sites_database_id_fkey references metaschema_public.database (id) on delete cascade,
  title text,
  logo jsonb,
  created_at timestamptz not null default now()
);

create index if not exists sites_database_id_idx on services_public.sites (database_id);

comment on table services_public.sites is 'A web site of a tenant.';
comment on column services_public.sites.id is 'Identifier of the site.';
comment on column services_public.sites.database_id is 'The tenant that it belongs to.';
comment on column services_public.sites.title is 'Name of the site, as mails show it.';
comment on column services_public.sites.logo is '{ "url": text, "mime": text }: the picture at the top of mails.';
comment on column services_public.sites.created_at is 'When the site was made.';
comment on index services_public.sites_database_id_idx is 'The sites of one tenant.';

create table if not exists services_public.domains (
  id uuid constraint domains_pkey primary key default gen_random_uuid(),
  site_id uuid not null constraint domains_site_id_fkey references services_public.sites (id) on delete cascade,
  subdomain text,
  domain text not null
);

create index if not exists domains_site_id_idx on services_public.domains (site_id);

comment on table services_public.domains is 'Where a site answers; links in mails lead there.';
comment on column services_public.domains.id is 'Identifier of the domain.';
comment on column services_public.domains.site_id is 'The site that answers there.';
comment on column services_public.domains.subdomain is 'The part before the domain, for example app; null for none.';
comment on column services_public.domains.domain is 'The domain, for example example.com or localhost.';
comment on index services_public.domains_site_id_idx is 'The domains of one site.';

create table if not exists services_public.site_themes (
  id uuid constraint site_themes_pkey primary key default gen_random_uuid(),
  site_id uuid not null constraint site_themes_site_id_fkey references services_public.sites (id) on delete cascade,
  theme jsonb not null
);

create index if not exists site_themes_site_id_idx on services_public.site_themes (site_id);

comment on table services_public.site_themes is 'The colours of a site.';
comment on column services_public.site_themes.id is 'Identifier of the theme.';
comment on column services_public.site_themes.site_id is 'The site that wears it.';
comment on column services_public.site_themes.theme is '{ "primary": CSS colour }: the colour of buttons in mails.';
comment on index services_public.site_themes_site_id_idx is 'The themes of one site.';

create table if not exists services_public.site_modules (
  id uuid constraint site_modules_pkey primary key default gen_random_uuid(),
  site_id uuid not null constraint site_modules_site_id_fkey references services_public.sites (id) on delete cascade,
  name text not null,
  data jsonb not null,
  constraint site_modules_site_id_name_key unique (site_id, name)
);

create index if not exists site_modules_name_idx on services_public.site_modules (name);

comment on table services_public.site_modules is 'Named sets of facts about a site, for example legal_terms_module.';
comment on column services_public.site_modules.id is 'Identifier of the module.';
comment on column services_public.site_modules.site_id is 'The site that the facts are about.';
comment on column services_public.site_modules.name is 'Which set it is.';
comment on column services_public.site_modules.data is
  'The facts. legal_terms_module: { "emails": { "support" }, "company": { "name", "nick", "website" } }.';
comment on index services_public.site_modules_name_idx is 'The modules of one name: siteModules(condition: { name }).';

create table if not exists roles_public.users (
  id uuid constraint users_pkey primary key default gen_random_uuid(),
  username text not null constraint users_username_key unique,
  display_name text,
  profile_picture jsonb,
  created_at timestamptz not null default now()
);

comment on table roles_public.users is 'A person who uses the application, for example the sender of an invitation.';
comment on column roles_public.users.id is 'What an invitation carries as sender_id.';
comment on column roles_public.users.username is 'Short name, unique.';
comment on column roles_public.users.display_name is 'Name for people; null where the person gave none.';
comment on column roles_public.users.profile_picture is '{ "url": text, "mime": text }';
comment on column roles_public.users.created_at is 'When the person joined.';
