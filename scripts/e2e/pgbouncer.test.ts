import { describe, expect, test } from "bun:test";
import { connect } from "../../db/client/connect.ts";
import { startListener } from "../../db/client/listen.ts";
import { openPool } from "../../db/client/open-pool.ts";
import { migrate } from "../../db/migrate.ts";
import { until } from "../../services/testing/until.ts";
import { type TestDatabase, throughPort, withDatabase } from "../../services/testing/with-database.ts";
import { type Received, withFunction } from "../../services/testing/with-function.ts";
import { withJobService } from "../../services/testing/with-job-service.ts";
import { findPgBouncer, withPgBouncer } from "../../services/testing/with-pgbouncer.ts";

const program = await findPgBouncer();
if (program === null) console.log("PgBouncer is not installed, so the tests behind it are skipped.");
const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

const pooled = (database: TestDatabase) => withPgBouncer(program ?? "", database);
const sleepers = async ({ sql }: TestDatabase) =>
  (await sql`select from app_jobs.workers where sleeps_until > now()`).length;

/** Answers 202 to the task `later` and reports by callback; all else is done at once. */
async function answer({ path, headers }: Received): Promise<Response> {
  if (path !== "/later") return Response.json({});
  const report = new Headers({ "content-type": "application/json" });
  for (const name of ["x-worker-id", "x-job-id"]) report.set(name, headers.get(name) ?? "");
  void fetch(headers.get("x-callback-url") ?? "", { method: "POST", headers: report, body: "{}" });
  return new Response(null, { status: 202 });
}

describe.skipIf(program === null)("behind PgBouncer in transaction mode", () => {
  test("worker, callback server and scheduler run jobs by polling alone, and ask nobody to notify", async () => {
    await using database = await withDatabase();
    await using bouncer = await pooled(database);
    await using fn = await withFunction(answer);
    const settings = throughPort(database, bouncer.port);
    await using service = await withJobService({
      DATABASE_URL: settings.DATABASE_URL,
      KNATIVE_SERVICE_URL: fn.url,
      JOBS_POLL_SECONDS: "1",
    });
    await using sql = disposable(connect(settings, { max: 5, name: "app", prepare: false }));
    await Promise.all(
      Array.from({ length: 200 }, (_, n) => {
        const task = n % 2 === 0 ? "now" : "later";
        return sql.pool.unsafe("select app_jobs.add_job($1, $2, queue_name => $3)", [
          tenant,
          task,
          n % 5 === 0 ? "serial" : null,
        ]);
      }),
    );
    await sql.pool.unsafe("select app_jobs.add_scheduled_job($1, 'ticked', '{}', $2::text::json)", [
      tenant,
      JSON.stringify({ rule: "* * * * * *" }),
    ]);
    const count = (path: string) => fn.requests.filter((request) => request.path === path).length;
    await until("all jobs are done", async () => {
      const left = await database.sql`select from app_jobs.jobs where task_identifier <> 'ticked'`;
      return left.length === 0 && count("/now") === 100 && count("/later") === 100;
    });
    await until("the schedule has ticked twice", () => count("/ticked") >= 2);
    expect(await sleepers(database)).toBe(0);
    expect(service.events.filter(({ level }) => level === "error" || level === "warn")).toEqual([]);
    const said = service.events.filter(({ event }) => String(event).includes("JOBS_LISTEN_URL"));
    expect(new Set(said.map(({ part }) => part))).toEqual(new Set(["scheduler", "worker"]));
    expect(said).toHaveLength(2);
  });

  test("a worker with JOBS_LISTEN_URL is woken by notifications", async () => {
    await using database = await withDatabase();
    await using bouncer = await pooled(database);
    await using fn = await withFunction();
    await using _service = await withJobService({
      DATABASE_URL: throughPort(database, bouncer.port).DATABASE_URL,
      JOBS_LISTEN_URL: database.url,
      KNATIVE_SERVICE_URL: fn.url,
      JOBS_POLL_SECONDS: "3600",
    });
    await until("the worker sleeps", async () => (await sleepers(database)) === 1);
    await database.sql`select app_jobs.add_job(${tenant}, 'a')`;
    await until("the job is run", () => fn.requests.length === 1);
  });

  test("a listener that was led to the pooler says so once", async () => {
    await using database = await withDatabase();
    await using bouncer = await pooled(database);
    const states: string[] = [];
    const settings = throughPort(database, bouncer.port);
    let tries = 0;
    const listener = startListener({
      get settings() {
        tries += 1;
        return settings;
      },
      channels: [],
      onNotify: () => {},
      onState: (listening, reason) => states.push(listening ? "listening" : (reason?.message ?? "stopped")),
      probePatienceMs: 50,
    });
    await until("it has tried again and again", () => tries > 6);
    await listener.stop();
    expect(states).toEqual(["the connection is open but heard nothing for 50 ms"]);
  });

  test("statements that are asked for at the same time are all answered, with parameters and without", async () => {
    await using database = await withDatabase();
    await using bouncer = await pooled(database);
    const settings = throughPort(database, bouncer.port);
    const pool = openPool(settings, { max: 2, name: "app", querySeconds: 60 });
    await using _end = { [Symbol.asyncDispose]: () => pool.end(1) };
    expect(await pool.adapt()).toEqual({ isPooled: true });
    const asked = Array.from({ length: 500 }, (_, n) =>
      n % 2 === 0
        ? pool.unsafe<{ n: number }>("select 1 as n")
        : pool.unsafe<{ n: number }>("select $1::int as n", [n as never]),
    );
    const rows = await Promise.all(asked);
    expect(rows.map(([row]) => row?.n)).toEqual(asked.map((_, n) => (n % 2 === 0 ? 1 : n)));
  });

  test("two migrations at once bring the schema up to date, one after the other", async () => {
    await using database = await withDatabase("empty");
    await using bouncer = await pooled(database);
    const settings = throughPort(database, bouncer.port);
    const [a, b] = await Promise.all([migrate(settings), migrate(settings)]);
    expect(a.total).toBe(b.total);
    expect([a.applied, b.applied].sort((x, y) => x - y)).toEqual([0, a.total]);
  });
});

function disposable(pool: ReturnType<typeof connect>) {
  return { pool, [Symbol.asyncDispose]: () => pool.end({ timeout: 1 }) };
}
