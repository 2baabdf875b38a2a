import { expect, test } from "bun:test";
import { until } from "../../services/testing/until.ts";
import { type TestDatabase, throughPort, withDatabase } from "../../services/testing/with-database.ts";
import { withProxy } from "../../services/testing/with-proxy.ts";
import type { DatabaseSettings } from "./connect.ts";
import { openPool, type PoolOptions } from "./open-pool.ts";

function poolOf(settings: DatabaseSettings, options: Partial<PoolOptions> = {}) {
  const replaced: string[] = [];
  const onReplaced = (reason: Error) => replaced.push(String("code" in reason ? reason.code : reason));
  const pool = openPool(settings, { max: 1, name: "pool", querySeconds: 30, onReplaced, ...options });
  return { ...pool, replaced, [Symbol.asyncDispose]: () => pool.end(1) };
}
const codeOf = (query: PromiseLike<unknown>) =>
  Promise.resolve(query).then(
    () => "none",
    (error: unknown) => (error instanceof Error && "code" in error ? error.code : error),
  );
const setting = async ({ unsafe }: ReturnType<typeof poolOf>, name: string) =>
  (await unsafe<{ value: string }>("select current_setting($1) as value", [name as never]))[0]?.value;
const alter = (database: TestDatabase, text: string) =>
  database.sql.unsafe(`alter database ${new URL(database.url).pathname.slice(1)} ${text}`);

test("a statement whose connection swallows it is given up, and the next one has another connection", async () => {
  await using database = await withDatabase("empty");
  await using proxy = await withProxy(Number(new URL(database.url).port));
  await using pool = poolOf(throughPort(database, proxy.port), { querySeconds: 0.5 });
  await pool.adapt();
  await pool.unsafe("select 1");
  proxy.strand();
  expect(await codeOf(pool.unsafe("select 1"))).toBe("CONNECTION_SILENT");
  expect(pool.replaced).toEqual(["CONNECTION_SILENT"]);
  await until("it works again", async () => (await codeOf(pool.unsafe("select 1"))) === "none");
});

test("the server ends a statement at the limit, and its connection stays", async () => {
  await using database = await withDatabase("empty");
  await using pool = poolOf(database.settings, { querySeconds: 2 });
  await pool.adapt();
  const pid = async () => (await pool.unsafe<{ pid: number }>("select pg_backend_pid() as pid"))[0]?.pid;
  const before = await pid();
  expect(await codeOf(pool.unsafe("select pg_sleep(600)"))).toBe("57014");
  expect(await pid()).toBe(before);
  expect(pool.replaced).toEqual([]);
});

test("a role's own statement_timeout counts where it is lower, and the pool's where it is not", async () => {
  await using database = await withDatabase("empty");
  await alter(database, "set statement_timeout = '7s'");
  await using low = poolOf(database.settings, { querySeconds: 15 });
  await low.adapt();
  expect(await setting(low, "statement_timeout")).toBe("7s");
  await using high = poolOf(database.settings, { querySeconds: 5 });
  await high.adapt();
  expect(await setting(high, "statement_timeout")).toBe("5s");
});

test("a statement that finds every connection in use for too long says so, and the others go on", async () => {
  await using database = await withDatabase("empty");
  await using pool = poolOf(database.settings);
  await pool.unsafe("select 1");
  const long = pool.unsafe<{ slept: string }>("select pg_sleep(3)::text as slept");
  const asked = Promise.resolve(long).then((rows) => rows.length);
  await until("it runs", async () => {
    const rows =
      await database.sql`select from pg_stat_activity where application_name = 'pool' and state = 'active'`;
    return rows.length === 1;
  });
  expect(await codeOf(pool.unsafe("select 1", [], { limitMs: 300 }))).toBe("CONNECTION_BUSY");
  expect(await asked).toBe(1);
  expect(pool.replaced).toEqual([]);
});

test("a server that only reads is left for the next one", async () => {
  await using database = await withDatabase();
  await alter(database, "set default_transaction_read_only = on");
  await using pool = poolOf(database.settings);
  await pool.adapt();
  await pool.unsafe("select 1");
  await alter(database, "set default_transaction_read_only = off");
  const add = "insert into app_jobs.jobs (database_id, task_identifier) values (gen_random_uuid(), 'x')";
  // Not before a second has passed: a pool does not replace its connections all the time.
  await until("it writes", async () => (await codeOf(pool.unsafe(add))) === "none");
  expect(pool.replaced).toEqual(["25006"]);
});

test("arrays of any type go as parameters, with nulls and whatever text", async () => {
  await using database = await withDatabase("empty");
  await using pool = poolOf(database.settings);
  const texts = ["", "a", 'quoted " and \\ and {braces}, comma', "null", null];
  const values = [texts, ["9007199254740993"], [0.5, null], []];
  const rows = await pool.unsafe(
    "select to_json($1::text[]) as a, to_json($2::bigint[])::text as b, to_json($3::double precision[]) as c, to_json($4::uuid[]) as d",
    values as never[],
  );
  expect([...rows]).toEqual([{ a: texts, b: "[9007199254740993]", c: [0.5, null], d: [] }]);
});
