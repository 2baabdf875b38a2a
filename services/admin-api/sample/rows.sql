-- One tenant with a site, and one person. The ids are well known, so that commands with them can be printed and pasted.
-- A row that is there already stays as it is, edits included.

insert into metaschema_public.database (id, name)
values ('00000000-0000-4000-8000-000000000001', 'constructive')
on conflict do nothing;

insert into services_public.sites (id, database_id, title, logo)
values (
  '00000000-0000-4000-8000-000000000002',
  '00000000-0000-4000-8000-000000000001',
  'Acme Notes',
  '{"url": "{assets}/sample/logo.png", "mime": "image/png"}'
)
on conflict do nothing;

insert into services_public.domains (id, site_id, subdomain, domain)
values (
  '00000000-0000-4000-8000-000000000003',
  '00000000-0000-4000-8000-000000000002',
  'app',
  'localhost'
)
on conflict do nothing;

insert into services_public.site_themes (id, site_id, theme)
values (
  '00000000-0000-4000-8000-000000000004',
  '00000000-0000-4000-8000-000000000002',
  '{"primary": "#2f6f4f"}'
)
on conflict do nothing;

insert into services_public.site_modules (id, site_id, name, data)
values (
  '00000000-0000-4000-8000-000000000005',
  '00000000-0000-4000-8000-000000000002',
  'legal_terms_module',
  '{
    "emails": {"support": "support@acme.example"},
    "company": {"name": "Acme Notes Ltd", "nick": "Acme", "website": "https://acme.example"}
  }'
)
on conflict do nothing;

insert into roles_public.users (id, username, display_name, profile_picture)
values (
  '00000000-0000-4000-8000-000000000006',
  'ada',
  'Ada Lovelace',
  null
)
on conflict do nothing;
