import { expect, test } from "bun:test";
import { openPool } from "../../db/client/open-pool.ts";
import { until } from "../testing/until.ts";
import { type TestDatabase, withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { type TestJobService, withJobService } from "../testing/with-job-service.ts";
import { type TestPostgres, withPostgres } from "../testing/with-postgres.ts";
import { withProcess } from "../testing/with-process.ts";
import { withProxy } from "../testing/with-proxy.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const addJobs = (database: TestDatabase, count: number) =>
  database.sql`select app_jobs.add_job(${tenant}, 'x') from generate_series(1, ${count})`;
const isEmpty = async (database: TestDatabase) =>
  (await database.sql`select from app_jobs.jobs`).length === 0;
const alter = (database: TestDatabase, text: string) =>
  database.sql.unsafe(`alter database ${new URL(database.url).pathname.slice(1)} ${text}`);
const jobIds = ({ requests }: { requests: readonly { headers: Headers }[] }) =>
  requests.map(({ headers }) => headers.get("X-Job-Id"));
const said = ({ events }: TestJobService, event: string) => events.some((entry) => entry["event"] === event);

const poolOptions = { max: 2, name: "test", querySeconds: 15 };

/** Has jobs in flight when Postgres crashes, lets their functions answer meanwhile, and waits for all jobs to be done. */
async function outliveCrash(postgres: TestPostgres, via: number | null, recover: () => Promise<void>) {
  const gate = Promise.withResolvers<void>();
  await using fn = await withFunction(() => gate.promise.then(() => Response.json({})));
  const url = new URL(postgres.url());
  if (via !== null) url.port = String(via);
  const DATABASE_URL = url.href;
  await using service = await withJobService({
    DATABASE_URL,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_POLL_SECONDS: "1",
  });
  const sql = openPool({ DATABASE_URL, PGHOST: "", PGPORT: 0, PGUSER: "", PGDATABASE: "" }, poolOptions);
  await using _end = { [Symbol.asyncDispose]: () => sql.end(1) };
  await sql.unsafe("select app_jobs.add_job(gen_random_uuid(), 'x') from generate_series(1, 100)");
  await until("requests are in flight", () => fn.requests.length >= 32);

  await postgres.crash();
  gate.resolve();
  await until("it says that the database is away", () =>
    said(service, "cannot write outcomes; trying again"),
  );
  await recover();
  const left = () =>
    sql.unsafe("select from app_jobs.jobs").then(
      (rows) => rows.length,
      () => -1,
    );
  await until("the jobs are done", async () => (await left()) === 0, 60_000);
  expect(new Set(jobIds(fn)).size).toBe(100);
  expect(await sql.unsafe("select from app_jobs.dead_jobs")).toHaveLength(0);
  const ready = async () => (await fetch(`http://localhost:${service.port}/readyz`)).status === 200;
  await until("it is ready again", ready);
  await until("it listens again", async () => {
    const listening =
      "select from pg_stat_activity where application_name = 'jobs-listen' and query ilike 'listen%'";
    return (await sql.unsafe(listening)).length >= 1;
  });
}

test("a crash of Postgres and its restart lose no job", async () => {
  await using postgres = await withPostgres();
  await outliveCrash(postgres, null, postgres.start);
});

test("a failover, refused connections and then another server, loses no job", async () => {
  await using postgres = await withPostgres();
  await using proxy = await withProxy(postgres.port());
  await outliveCrash(postgres, proxy.port, async () => {
    await postgres.startSuccessor();
    proxy.turnTo(postgres.port());
  });
});

test("a standby that refuses to write is left for the server that takes its place, and no outcome is lost", async () => {
  await using database = await withDatabase();
  const gate = Promise.withResolvers<void>();
  await using fn = await withFunction(() => gate.promise.then(() => Response.json({})));
  await using service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_POLL_SECONDS: "1",
  });
  await addJobs(database, 3);
  await until("requests are in flight", () => fn.requests.length === 3);
  await alter(database, "set default_transaction_read_only = on");
  await database.sql`
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and application_name like 'jobs-%'`;
  gate.resolve();
  await until("it cannot write", () =>
    service.events.some(({ event, error }) => {
      return event === "cannot write outcomes; trying again" && JSON.stringify(error).includes("read-only");
    }),
  );
  // Said by a transaction that may write, as by now this connection may not.
  const name = new URL(database.url).pathname.slice(1);
  await database.sql.begin("read write", async (tx) => {
    await tx.unsafe(`alter database ${name} set default_transaction_read_only = off`);
  });
  await until("the jobs are done", () => isEmpty(database), 60_000);
  expect(fn.requests).toHaveLength(3);
});

test("where every transaction is serializable, conflicts are tried again and every job ends once", async () => {
  await using database = await withDatabase();
  await alter(database, "set default_transaction_isolation = 'serializable'");
  await using fn = await withFunction();
  const env = { ...database.env, KNATIVE_SERVICE_URL: fn.url, JOBS_POLL_SECONDS: "0.5" };
  await using _one = await withJobService({ ...env, HOSTNAME: "one" });
  await using _two = await withJobService({ ...env, HOSTNAME: "two" });
  for (let batch = 0; batch < 10; batch++) await addJobs(database, 20);
  await until("the jobs are done", () => isEmpty(database), 60_000);
  expect(jobIds(fn)).toHaveLength(200);
});

test("a serialization failure of an outcome is no outcome: it is written again", async () => {
  await using database = await withDatabase();
  await database.sql.unsafe(`
    create sequence public.tries;
    create function public.conflict() returns trigger language plpgsql as $$
    begin
      if nextval('public.tries') <= 3 then raise exception 'conflict' using errcode = '40001'; end if;
      return old;
    end $$;
    create trigger conflict before delete on app_jobs.jobs for each row execute function public.conflict();`);
  await using fn = await withFunction();
  await using service = await withJobService({ ...database.env, KNATIVE_SERVICE_URL: fn.url });
  await addJobs(database, 1);
  await until("the job is done", () => isEmpty(database));
  expect(fn.requests).toHaveLength(1);
  expect(service.events.filter(({ level }) => level === "error")).toEqual([]);
});

test("a statement that is ended by statement_timeout behind a lock is tried again", async () => {
  await using database = await withDatabase();
  await alter(database, "set statement_timeout = '200ms'");
  await using fn = await withFunction();
  await using service = await withJobService({
    ...database.env,
    KNATIVE_SERVICE_URL: fn.url,
    JOBS_POLL_SECONDS: "0.5",
  });
  const timedOut = () =>
    service.events.some(({ error }) => JSON.stringify(error ?? "").includes("statement timeout"));
  await database.sql.begin(async (tx) => {
    await tx`lock table app_jobs.jobs in access exclusive mode`;
    await until("a statement is ended", timedOut);
    await tx`select app_jobs.add_job(${tenant}, 'x')`;
  });
  await until("the job is done", () => isEmpty(database));
  expect(fn.requests).toHaveLength(1);
});

test("a server without free connections is waited for, at the start and later", async () => {
  await using database = await withDatabase();
  const role = `full_${new URL(database.url).pathname.slice(1)}`;
  await database.sql.unsafe(`
    create role ${role} login password 'secret' connection limit 0;
    grant usage on schema app_jobs to ${role};
    grant all on all tables in schema app_jobs to ${role};
    grant execute on all functions in schema app_jobs to ${role};`);
  await using _drop = {
    [Symbol.asyncDispose]: async () => {
      await database.sql.unsafe(`drop owned by ${role}; drop role ${role}`);
    },
  };
  const url = new URL(database.url);
  url.username = role;
  url.password = "secret";
  await using fn = await withFunction();
  await using service = withProcess("services/job-service/main.ts", {
    DATABASE_URL: url.href,
    KNATIVE_SERVICE_URL: fn.url,
    INTERNAL_JOBS_CALLBACK_PORT: "0",
    JOBS_POLL_SECONDS: "0.5",
  });
  await until("it waits", () => service.output().includes("waiting for the database"));
  await database.sql.unsafe(`alter role ${role} connection limit 100`);
  await until("it is ready", () => service.output().includes("job service ready"), 60_000);

  await database.sql.unsafe(`alter role ${role} connection limit 0`);
  await database.sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`;
  await addJobs(database, 5);
  await until("it says why it cannot claim", () =>
    service.output().includes("too many connections for role"),
  );
  await database.sql.unsafe(`alter role ${role} connection limit 100`);
  await until("the jobs are done", () => isEmpty(database), 60_000);
  service.kill("SIGTERM");
  expect(await service.exited).toBe(0);
});
