import type { Migration } from "./read-migrations.ts";
import { journalTable, renderSql } from "./render-migrations.ts";

/**
 * Advisory lock of whoever installs or changes the schema, by whatever way: one comes after the other. Any number will do that
 * other users of advisory locks are unlikely to choose.
 */
export const migrationLock = 7_723_391_402;

/** The SQL of drizzle's journal, column for column, so that `db:migrate` and drizzle-kit know what was applied without them. */
const journalSql = `create schema if not exists app_jobs;

create table if not exists app_jobs.${journalTable} (
  id serial primary key,
  hash text not null,
  created_at bigint
);
`;

/** Gives the statement that writes migrations down as applied. */
export function recordSql(migrations: readonly Migration[]): string {
  const rows = migrations.map(({ hash, when }) => `  ('${hash}', ${when})`);
  return `insert into app_jobs.${journalTable} (hash, created_at)\nvalues\n${rows.join(",\n")};\n`;
}

/** Gives the statements that make the journal and apply what it does not list, for a transaction that the caller begins. */
export function installSql(migrations: readonly Migration[]): string {
  return [journalSql, ...migrations.map(applySql)].join("\n");
}

function applySql(migration: Migration): string {
  return `-- ${migration.tag}
do $install$
begin
  if not exists (select from app_jobs.${journalTable} where created_at >= ${migration.when}) then
    execute $migration$
${migration.text}$migration$;
    ${recordSql([migration]).trim().replaceAll(/\s+/g, " ")}
  end if;
end;
$install$;
`;
}

/** Names in a script mean what Postgres means by them, whatever the session's search path is: others may create in public. */
export const ownPath = "set local search_path = pg_catalog, pg_temp;\n";

const begin = `begin;

${ownPath}
select pg_advisory_xact_lock(${migrationLock});
`;

const guard = `
do $$
begin
  if exists (
    select
    from pg_catalog.pg_depend as d
    inner join pg_catalog.pg_extension as e on e.oid = d.refobjid
    where d.deptype = 'e' and d.classid = 'pg_namespace'::regclass and d.objid = to_regnamespace('app_jobs')
  ) then
    raise exception 'Cannot install: the schema app_jobs belongs to an extension.' using
      hint = 'Use: alter extension "pgpm-database-jobs" update';
  end if;
  if to_regclass('app_jobs.jobs') is not null and to_regclass('app_jobs.${journalTable}') is null then
    raise exception 'Cannot install: the schema app_jobs holds tables that are not ours.' using
      hint = 'Those of @pgpm/database-jobs are adopted by bun run db:migrate, or by the file of bun run db:sql --adopt.';
  end if;
end;
$$;
`;

/** What a file of SQL does. */
export type SqlForm = {
  readonly version: string;
  readonly schema: string;
  readonly migrations: readonly Migration[];
};

/**
 * Gives one file of SQL, one transaction, that installs the schema or brings it up to date, and changes nothing when it is.
 *
 * It keeps drizzle's journal, so that it and `db:migrate` may follow each other.
 */
export function plainSql({ version, schema, migrations }: SqlForm): string {
  const header = `-- Knative Jobs ${version}, schema ${schema}: psql -v ON_ERROR_STOP=1 -f THIS_FILE
--
-- One transaction. Applies what the journal (${schema}.${journalTable}) does not list yet, so it may be run again, and a later
-- version's file brings the schema up to date.
`;
  return `${header}${renderSql(`${begin}${guard}`, schema)}\n${renderSql(installSql(migrations), schema)}\ncommit;\n`;
}

/** Gives one file of SQL around these statements, one transaction that waits for other installations. */
export function inTransaction(statements: string): string {
  return `${begin}\n${statements}\ncommit;\n`;
}
