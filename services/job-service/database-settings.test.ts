import { expect, test } from "bun:test";
import { connect, type Sql } from "../../db/client/connect.ts";
import { migrate } from "../../db/migrate.ts";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { type Received, withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";

// What may be set for a database or a role. Each set goes through a migration and everything that may become of a job.

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** Settings, as `alter database … set` takes them, and what is made in the database before. */
type Set = {
  readonly settings: readonly string[];
  readonly before?: readonly string[];
  /** What the log says of it. */
  readonly heard?: string;
};

const sets: Readonly<Record<string, Set>> = {
  "time outs": {
    settings: [
      "statement_timeout = '20s'",
      "lock_timeout = '500ms'",
      "idle_in_transaction_session_timeout = '1s'",
      "idle_session_timeout = '2s'",
      "transaction_timeout = '2s'",
    ],
    // A connection that only listens is idle: polling does without.
    heard: "not listening; polling meanwhile",
  },
  "other styles of dates and times": {
    settings: ["DateStyle = 'SQL, DMY'", "IntervalStyle = sql_standard", "TimeZone = 'Asia/Kathmandu'"],
  },
  "German dates, ISO 8601 intervals, a zone beyond the date line": {
    settings: ["DateStyle = German", "IntervalStyle = iso_8601", "TimeZone = 'Pacific/Kiritimati'"],
  },
  "verbose intervals, no digits to spare": {
    settings: [
      "IntervalStyle = postgres_verbose",
      "extra_float_digits = -15",
      "TimeZone = 'America/St_Johns'",
    ],
  },
  "escaped bytes, another encoding of the client": {
    settings: ["bytea_output = escape", "client_encoding = LATIN1", "xmlbinary = hex"],
  },
  "strings as they were before the standard": {
    settings: [
      "standard_conforming_strings = off",
      "escape_string_warning = off",
      "backslash_quote = on",
      "transform_null_equals = on",
      "array_nulls = off",
      "quote_all_identifiers = on",
    ],
  },
  "serializable transactions": { settings: ["default_transaction_isolation = serializable"] },
  "repeatable reads": {
    settings: ["default_transaction_isolation = 'repeatable read'", "default_transaction_deferrable = on"],
  },
  "generic plans, compiled at any cost": {
    settings: [
      "plan_cache_mode = force_generic_plan",
      "jit = on",
      "jit_above_cost = 0",
      "jit_inline_above_cost = 0",
      "jit_optimize_above_cost = 0",
    ],
  },
  "custom plans, everything parallel": {
    settings: [
      "plan_cache_mode = force_custom_plan",
      "debug_parallel_query = regress",
      "parallel_setup_cost = 0",
      "parallel_tuple_cost = 0",
      "min_parallel_table_scan_size = 0",
    ],
  },
  "no index, no sort, no nested loop": {
    settings: [
      "enable_indexscan = off",
      "enable_indexonlyscan = off",
      "enable_bitmapscan = off",
      "enable_nestloop = off",
      "enable_sort = off",
      "enable_material = off",
    ],
  },
  "no hash, no merge, no scan of a table": {
    settings: [
      "enable_seqscan = off",
      "enable_hashjoin = off",
      "enable_mergejoin = off",
      "enable_hashagg = off",
      "enable_tidscan = off",
      "constraint_exclusion = on",
      "from_collapse_limit = 1",
      "join_collapse_limit = 1",
      "geqo_threshold = 2",
    ],
  },
  "commits that do not wait": { settings: ["synchronous_commit = off", "commit_delay = 1000"] },
  "row security off, functions unread, variables doubted": {
    settings: [
      "row_security = off",
      "check_function_bodies = off",
      "plpgsql.variable_conflict = use_column",
      "plpgsql.extra_errors = 'shadowed_variables'",
      "default_table_access_method = heap",
      "default_toast_compression = pglz",
      "createrole_self_grant = 'set'",
      "work_mem = '64kB'",
      "temp_file_limit = '1MB'",
    ],
  },
  "much said": {
    settings: [
      "log_statement = 'all'",
      "log_min_duration_statement = 0",
      "client_min_messages = debug1",
      "track_functions = 'all'",
      "debug_print_plan = off",
      "lc_messages = 'C'",
      "lc_time = 'C'",
      "lc_numeric = 'C'",
    ],
  },
  "a path of schemas that shadows what everybody uses": {
    settings: ["search_path = evil, pg_catalog, public"],
    before: [
      "create schema evil",
      "create function evil.now() returns timestamptz language sql as $$ select 'infinity'::pg_catalog.timestamptz $$",
      "create function evil.clock_timestamp() returns timestamptz language sql as $$ select 'infinity'::pg_catalog.timestamptz $$",
      "create function evil.coalesce_(a text) returns text language sql as $$ select null $$",
      "create function evil.unnest(anyarray) returns setof anyelement language sql as $$ select null::int where false $$".replace(
        "null::int",
        "$1[1]",
      ),
      "create function evil.current_setting(text) returns text language sql as $$ select 'evil' $$",
      "create function evil.random() returns double precision language sql as $$ select 'NaN'::pg_catalog.float8 $$",
      "create function evil.gen_random_uuid() returns uuid language sql as $$ select '00000000-0000-0000-0000-000000000000'::pg_catalog.uuid $$",
      "create function evil.to_regprocedure(text) returns regprocedure language sql as $$ select null::pg_catalog.regprocedure $$",
      "create table evil.jobs (id text)",
      "create table evil.workers (id text)",
      "create domain evil.uuid as pg_catalog.text check (value = 'evil')",
      "create domain evil.timestamptz as pg_catalog.text check (value = 'evil')",
      "create domain evil.json as pg_catalog.text check (value = 'evil')",
    ],
  },
  "no path of schemas at all": { settings: ["search_path = ''"] },
};

/** A migrated database with these settings. */
async function withSettings({ settings, before = [] }: Set) {
  const database = await withDatabase("empty");
  const name = new URL(database.url).pathname.slice(1);
  for (const statement of before) await database.sql.unsafe(statement);
  for (const setting of settings) await database.sql.unsafe(`alter database "${name}" set ${setting}`);
  await migrate(database.settings);
  // As an application connects, with all of them.
  const app = connect(database.settings, { max: 2, name: "app", fetchTypes: false });
  return {
    database,
    app,
    [Symbol.asyncDispose]: async () => {
      await app.end({ timeout: 1 });
      await database[Symbol.asyncDispose]();
    },
  };
}

/** A function that fails once, fails for ever, or answers by callback, as the payload says. */
async function answer({ headers, body }: Received): Promise<Response> {
  const { does } = JSON.parse(body) as { does?: string };
  const attempt = Number(headers.get("X-Job-Attempt"));
  if (does === "fail once" && attempt === 1) return Response.json({ error: "once" }, { status: 500 });
  if (does === "die") return Response.json({ error: "dead" }, { status: 500 });
  return does === "call back" ? new Response(null, { status: 202 }) : Response.json({ complete: true });
}

type Job = { readonly id: string; readonly attempts: number; readonly last_error: string | null };

/** Asks as an application does: a serializable transaction may have to be tried again. */
async function rowsOf(app: Sql, text: string, values: readonly unknown[] = []): Promise<readonly Job[]> {
  return await until("it is in no conflict", () =>
    app.unsafe<Job[]>(text, values as never[]).catch((error: { code?: string }) => {
      if (error.code !== "40001") throw error;
      return undefined;
    }),
  );
}

/** Goes through a job's whole life, and expects of each part what it is without any settings. */
async function live(app: Sql, fn: { readonly requests: readonly Received[] }): Promise<void> {
  const add = async (does: string, more = "") =>
    (
      await rowsOf(
        app,
        `select id, attempts, last_error from app_jobs.add_job($1::text::pg_catalog.uuid, 'life', $2::text::pg_catalog.json ${more})`,
        [tenant, JSON.stringify({ does })],
      )
    )[0]?.id ?? "";
  const find = async (id: string, table = "jobs") =>
    (
      await rowsOf(
        app,
        `select id, attempts, last_error from app_jobs.${table} where id = $1::text::bigint`,
        [id],
      )
    )[0];
  const requestsOf = (id: string) => fn.requests.filter(({ headers }) => headers.get("X-Job-Id") === id);

  // A key: the second takes the first one's place, and runs alone, with the time that it was given.
  await add("first", ", job_key => 'k', run_at => '2100-02-03T04:05:06Z'");
  const keyed = await add("second", ", job_key => 'k', queue_name => 'q'");
  await until("the keyed job is done", async () => requestsOf(keyed).length === 1 && !(await find(keyed)));
  expect(JSON.parse(requestsOf(keyed)[0]?.body ?? "")).toEqual({ does: "second" });

  const retried = await add("fail once");
  await until("it failed", async () => (await find(retried))?.last_error?.includes("once"));
  await rowsOf(app, "select app_jobs.reschedule_jobs(array[$1::text::bigint], run_at => pg_catalog.now())", [
    retried,
  ]);
  await until("it is done", async () => !(await find(retried)));
  expect(requestsOf(retried).map(({ headers }) => headers.get("X-Job-Attempt"))).toEqual(["1", "2"]);

  const dying = await add("die", ", max_attempts => 1");
  await until("it is dead", async () => (await find(dying, "dead_jobs"))?.last_error?.includes("dead"));
  await rowsOf(app, `select app_jobs.retry_dead_jobs(array[$1::text::bigint], '{"does": "live"}')`, [dying]);
  await until("it lives and is done", async () => requestsOf(dying).length === 2 && !(await find(dying)));
  expect(await find(dying, "dead_jobs")).toBeUndefined();

  const called = await add("call back");
  const request = await until("it was asked", () => requestsOf(called)[0]);
  await until(
    "it is accepted",
    async () =>
      (await rowsOf(app, "select id from app_jobs.jobs where accepted_at is not null")).length === 1,
  );
  const headers = { "X-Worker-Id": request.headers.get("X-Worker-Id") ?? "", "X-Job-Id": called };
  const said = await fetch(request.headers.get("X-Callback-Url") ?? "", { method: "POST", headers });
  expect(said.status).toBe(200);
  await until("its callback completed it", async () => !(await find(called)));

  const before = Date.now();
  await rowsOf(
    app,
    `select app_jobs.add_scheduled_job($1::text::pg_catalog.uuid, 'life', '{"does": "tick"}', '{"rule": "* * * * * *"}')`,
    [tenant],
  );
  const ticks = () => fn.requests.flatMap(({ headers }) => headers.get("X-Scheduled-At") ?? []);
  await until("it ticked twice", () => ticks().length >= 2);
  for (const tick of ticks()) expect(Math.abs(Date.parse(tick) - before)).toBeLessThan(120_000);
}

for (const [what, set] of Object.entries(sets))
  test(`a job's life with ${what}`, async () => {
    await using place = await withSettings(set);
    await using fn = await withFunction(answer);
    await using service = await withJobService({
      ...place.database.env,
      KNATIVE_SERVICE_URL: fn.url,
      JOBS_POLL_SECONDS: "0.5",
    });
    await live(place.app, fn);
    // Nothing went wrong but what the function itself said.
    const expected: unknown[] = ["attempt failed", "job failed for good", set.heard];
    const worse = service.events.filter(
      ({ level, event }) => /error|warn/.test(String(level)) && !expected.includes(event),
    );
    expect(worse).toEqual([]);
  }, 120_000);
