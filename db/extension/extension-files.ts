import { z } from "zod";
import { installSql, ownPath, recordSql } from "../install-sql.ts";
import type { Migration } from "../read-migrations.ts";
import { renderSql } from "../render-migrations.ts";
import releasesJson from "./releases.json";

/** A released version, and the last migration that it has. */
export type Release = { readonly version: string; readonly last: string };

/** The versions that were released, the oldest first: a version is written down here when it is, and stays. */
export const releases: readonly Release[] = z
  .array(z.object({ version: z.string(), last: z.string() }))
  .parse(releasesJson);

/** Name of the extension, the one that the original has too. */
export const extensionName = "pgpm-database-jobs";

/** What an extension is made of. */
export type ExtensionSource = {
  /** The version to make; the default_version of the control file. */
  readonly version: string;
  readonly schema: string;
  readonly migrations: readonly Migration[];
  readonly releases: readonly Release[];
};

/** One file of the extension. */
export type ExtensionFile = { readonly name: string; readonly text: string };

/**
 * Gives the extension's files: the control file, a script that installs this version, and one from each released version to
 * the next, up to this one. What is in an upgrade is what migrations were added since the release before it.
 *
 * @throws Error when this version was released and migrations were added since: it needs a new version.
 */
export function extensionFiles({ version, schema, migrations, releases }: ExtensionSource): ExtensionFile[] {
  const upTo = (last: string) => {
    const place = migrations.findIndex(({ tag }) => tag === last);
    if (place < 0)
      throw new Error(`Cannot make the extension: there is no migration ${last}, which a release has.`);
    return place + 1;
  };
  const known = releases.map((release) => ({ version: release.version, count: upTo(release.last) }));
  const same = known.find((release) => release.version === version);
  if (same !== undefined && same.count < migrations.length)
    throw new Error(
      `Cannot make the extension ${version}: it was released without ${migrations[same.count]?.tag}. Raise the version in package.json.`,
    );
  const versions = same === undefined ? [...known, { version, count: migrations.length }] : known;
  const script = (from: string, text: string) => ({
    name: `${extensionName}--${from}.sql`,
    text: `\\echo Use "create extension" or "alter extension … update" to load this file. \\quit\n\n${ownPath}\n${renderSql(text, schema)}`,
  });
  return [
    { name: `${extensionName}.control`, text: control(version) },
    script(version, `${guard}\n${installSql([])}\n${apply(migrations)}${seal}`),
    ...versions.slice(1).flatMap((to, n) => {
      const from = versions[n];
      if (from === undefined) return [];
      return [
        script(`${from.version}--${to.version}`, `${apply(migrations.slice(from.count, to.count))}${seal}`),
      ];
    }),
  ];
}

// No schema is named here: the script makes it, so that it belongs to the extension and goes with it.
function control(version: string): string {
  return `comment = 'Background jobs in Postgres that run as HTTP functions'
default_version = '${version}'
relocatable = false
superuser = false
requires = 'plpgsql'
encoding = 'UTF8'
`;
}

function apply(migrations: readonly Migration[]): string {
  if (migrations.length === 0) return "";
  return `${migrations.map(({ tag, text }) => `-- ${tag}\n${text}`).join("\n")}\n${recordSql(migrations)}\n`;
}

const guard = `do $$
begin
  if to_regclass('app_jobs.migrations') is not null then
    raise exception 'Cannot create the extension: bun run db:migrate or a file of bun run db:sql has installed app_jobs already.' using
      hint = 'All is there: go on without the extension, and with what installed it.';
  end if;
  if to_regclass('app_jobs.jobs') is not null then
    raise exception 'Cannot create the extension: the schema app_jobs holds tables that are not ours.' using
      hint = 'Those of @pgpm/database-jobs are adopted by bun run db:migrate, or by the file of bun run db:sql --adopt.';
  end if;
end;
$$;
`;

// pg_dump leaves out the rows of an extension's tables but for those named here. The journal's come with the extension, and
// job_queues fills by itself as jobs are restored.
const seal = `do $$
declare
  kept regclass;
begin
  for kept in
    select c.oid
    from pg_catalog.pg_class as c
    inner join pg_catalog.pg_depend as d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    where c.relnamespace = 'app_jobs'::regnamespace
      and c.relkind in ('r', 'S')
      and c.relname not in ('migrations', 'migrations_id_seq', 'job_queues', 'job_queues_id_seq')
  loop
    perform pg_catalog.pg_extension_config_dump(kept, '');
  end loop;
end;
$$;
`;
