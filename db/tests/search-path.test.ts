import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";
import { connect } from "../client/connect.ts";
import { extensionFiles } from "../extension/extension-files.ts";
import { plainSql } from "../install-sql.ts";
import { migrate } from "../migrate.ts";
import { readMigrations } from "../read-migrations.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const migrations = await readMigrations();

/**
 * What a role that may create in public could put there: they fit the calls of ours better than Postgres' own do, so that they are
 * called with the rights of whoever comes by.
 */
const traps = `
  create function public.trap(double precision, numeric) returns boolean
  language plpgsql as $$ begin raise exception 'TRAPPED'; end $$;
  create operator public.>= (leftarg = double precision, rightarg = numeric, function = public.trap);
  create function public.make_interval(secs double precision) returns interval
  language plpgsql as $$ begin raise exception 'TRAPPED'; end $$;`;

/** A database with the traps, to install into by the way given. */
async function withTraps(install: (url: string) => Promise<void>) {
  const database = await withDatabase("empty");
  await database.sql.unsafe(traps);
  await install(database.url);
  return database;
}

const settings = (url: string) => ({ DATABASE_URL: url, PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" });

test.each<[string, (url: string) => Promise<void>]>([
  [
    "db:migrate",
    async (url) => {
      await migrate(settings(url));
    },
  ],
  [
    "the plain file",
    async (url) => {
      const sql = connect(settings(url), { max: 1, name: "test-psql", fetchTypes: false });
      await sql.unsafe(plainSql({ version: "1.0.0", schema: "app_jobs", migrations }));
      await sql.end();
    },
  ],
])("what %s installs calls nothing that others put into public", async (_, install) => {
  await using database = await withTraps(install);
  const { sql } = database;
  await sql`select app_jobs.set_task_policy('mail', timeout_seconds => 5)`;
  await sql`
    insert into app_jobs.jobs (database_id, task_identifier, attempts, locked_at, locked_by)
    values (${tenant}, 'mail', 1, now(), 'w')`;
  await sql`select app_jobs.fail_job('w', 1, 'no paint')`;
  expect(await sql`select from app_jobs.jobs`).toHaveLength(1);
});

test("every script of the extension pins the search path before anything else", () => {
  const releases = [{ version: "0.9.0", last: migrations.at(-2)?.tag ?? "" }];
  const files = extensionFiles({ version: "1.0.0", schema: "app_jobs", migrations, releases });
  const scripts = files.filter(({ name }) => name.endsWith(".sql"));
  expect(scripts).toHaveLength(2);
  for (const { text } of scripts)
    expect(text).toMatch(/^\\echo .*\n\nset local search_path = pg_catalog, pg_temp;\n/);
});
