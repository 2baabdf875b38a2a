import { expect, test } from "bun:test";
import postgres from "postgres";
import { until } from "../../services/testing/until.ts";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { withFunction } from "../../services/testing/with-function.ts";
import { withJobService } from "../../services/testing/with-job-service.ts";
import { connect, type Sql } from "../client/connect.ts";
import { migrate } from "../migrate.ts";

// What a hosted Postgres (RDS, Aurora, Cloud SQL, Azure) gives: a role that may create in its database, and nothing else.

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

type Owner = AsyncDisposable & {
  readonly settings: TestDatabase["settings"] & { readonly DATABASE_URL: string };
  readonly sql: Sql;
};

/** Makes a role that owns the database and has no other right, and applies the migrations as that role. */
async function withPlainOwner(database: TestDatabase): Promise<Owner> {
  const name = `owner_${crypto.randomUUID().slice(0, 8)}`;
  const url = new URL(database.url);
  await database.sql.unsafe(
    `create role ${name} login password 'secret' nosuperuser nocreatedb nocreaterole noreplication nobypassrls`,
  );
  await database.sql.unsafe(`alter database ${url.pathname.slice(1)} owner to ${name}`);
  url.username = name;
  url.password = "secret";
  const settings = { ...database.settings, DATABASE_URL: url.href };
  const sql = connect(settings, { max: 2, name: "owner" });
  await migrate(settings);
  return {
    settings,
    sql,
    [Symbol.asyncDispose]: async () => {
      await sql.end({ timeout: 1 });
      await database.sql.unsafe(
        `reassign owned by ${name} to postgres; drop owned by ${name}; drop role ${name}`,
      );
    },
  };
}

test("the migrations, and jobs, schedules and completed jobs that are kept, take no more than a database's owner", async () => {
  await using database = await withDatabase("empty");
  await using owner = await withPlainOwner(database);
  const { sql } = owner;
  // `alter database … set` of such a name is a superuser's; what a connection brings along is its own.
  await using keeping = endable(
    postgres(owner.settings.DATABASE_URL, { max: 1, connection: { options: "-c jobs.keep_completed=7d" } }),
  );
  await sql`select app_jobs.add_job(${tenant}, 'by hand')`;
  await keeping.pool`select (app_jobs.complete_job('w', (app_jobs.get_job('w')).id)).id`;
  expect(await sql`select from app_jobs.completed_jobs`).toHaveLength(1);
  await using fn = await withFunction(
    ({ path }) => new Response(null, { status: path === "/bad" ? 500 : 200 }),
  );
  await using service = await withJobService({
    DATABASE_URL: owner.settings.DATABASE_URL,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_KEEP_COMPLETED: "1d",
  });
  await sql`select app_jobs.add_job(${tenant}, 'good', queue_name => 'q') from generate_series(1, 3)`;
  await sql`select app_jobs.add_job(${tenant}, 'bad', max_attempts => 1)`;
  await sql`select app_jobs.add_scheduled_job(${tenant}, 'tick', '{}', '{"rule": "* * * * * *"}')`;
  await until("a schedule has ticked", () => fn.requests.some(({ path }) => path === "/tick"));
  await until("jobs have completed and died", async () => {
    const kept = await sql`select from app_jobs.completed_jobs where task_identifier = 'good'`;
    return kept.length === 3 && (await sql`select from app_jobs.dead_jobs`).length === 1;
  });
  const errors = service.events.filter(({ level }) => level === "error").map(({ event }) => event);
  expect(errors.filter((event) => event !== "job failed for good")).toEqual([]);
});

test("nothing needs an extension, an untrusted language, or a setting that only a superuser may make", async () => {
  await using database = await withDatabase("empty");
  await using owner = await withPlainOwner(database);
  await owner.sql`select app_jobs.add_completed_partition(now())`;
  const rows = await database.sql<{ what: string }[]>`
    select 'extension ' || extname as what from pg_extension where extname <> 'plpgsql'
    union all
    select 'event trigger ' || evtname from pg_event_trigger
    union all
    select 'foreign server ' || srvname from pg_foreign_server
    union all
    select 'publication ' || pubname from pg_publication
    union all
    select 'language ' || l.lanname || ' of ' || p.proname
    from pg_proc as p
    join pg_language as l on l.oid = p.prolang
    where p.pronamespace = 'app_jobs'::regnamespace and l.lanname not in ('sql', 'plpgsql')
    union all
    select 'setting ' || pinned || ' of ' || p.proname
    from pg_proc as p, unnest(p.proconfig) as pinned
    where p.pronamespace = 'app_jobs'::regnamespace
      and not exists (select from pg_settings as s where s.name = split_part(pinned, '=', 1) and s.context = 'user')
    union all
    select 'kind or place of ' || relname
    from pg_class
    where relnamespace = 'app_jobs'::regnamespace and (relpersistence <> 'p' or reltablespace <> 0)
    union all
    select 'type of ' || t.typname
    from pg_attribute as a
    join pg_class as c on c.oid = a.attrelid
    join pg_type as t on t.oid = a.atttypid
    where c.relnamespace = 'app_jobs'::regnamespace
      and t.typnamespace not in ('pg_catalog'::regnamespace, 'app_jobs'::regnamespace)`;
  expect(rows.map(({ what }) => what)).toEqual([]);
  const owners = await database.sql<{ owner: string }[]>`
    select distinct proowner::regrole::text as owner from pg_proc where pronamespace = 'app_jobs'::regnamespace
    union
    select distinct relowner::regrole::text from pg_class where relnamespace = 'app_jobs'::regnamespace`;
  expect(owners.map((row) => row.owner)).toEqual([new URL(owner.settings.DATABASE_URL).username]);
});

function endable(pool: Sql) {
  return { pool, [Symbol.asyncDispose]: () => pool.end({ timeout: 1 }) };
}
