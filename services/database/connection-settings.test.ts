import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "../../db/client/connect.ts";
import { ConfigError, readSettings } from "../config/read-settings.ts";
import { jobServiceSettings } from "../job-service/settings.ts";
import { until } from "../testing/until.ts";
import { withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { type PostgresWays, withPostgresWays } from "../testing/with-postgres-ways.ts";
import { withProcess } from "../testing/with-process.ts";

// What db/tests/connections.test.ts shows of single connections, as services and commands have it.

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

let tls: PostgresWays;
beforeAll(async () => {
  tls = await withPostgresWays({ tls: true });
});
afterAll(() => tls?.[Symbol.asyncDispose]());

/** A private CA, told by variables, and a database that takes TLS alone: as RDS is. */
const privateCa = () => ({
  PGHOST: "localhost",
  PGPORT: String(tls.port),
  PGUSER: "postgres",
  PGPASSWORD: "postgres",
  PGDATABASE: "tls_only",
  PGSSLMODE: "verify-full",
  PGSSLROOTCERT: tls.file("ca.crt"),
  PGCHANNELBINDING: "require",
});

test("migrations, commands and services go over TLS whose CA only the variables know", async () => {
  await using migrated = withProcess("scripts/migrate.ts", privateCa());
  expect([await migrated.exited, migrated.output()]).toEqual([0, expect.stringMatching(/ applied\.$/m)]);
  await using fn = await withFunction();
  await using service = withProcess("services/job-service/main.ts", {
    ...privateCa(),
    KNATIVE_SERVICE_URL: fn.url,
    INTERNAL_JOBS_CALLBACK_PORT: "0",
  });
  await until("it is ready", () => service.output().includes("job service ready"));
  const words = ["enqueue", "x", "--db", tenant];
  await using enqueued = withProcess("scripts/jobs.ts", privateCa(), words);
  expect([await enqueued.exited, enqueued.output()]).toEqual([0, expect.stringContaining("x")]);
  await until("the job ran", () => fn.requests.length === 1);

  const sql = connect(privateCa(), { max: 1, name: "test" });
  const sessions = await sql<{ name: string; ssl: boolean }[]>`
    select a.application_name as name, s.ssl
    from pg_stat_activity as a join pg_stat_ssl as s using (pid)
    where a.application_name like 'jobs-%'`;
  await sql.end();
  const names = new Set(sessions.map(({ name }) => name));
  expect([...names].toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    "jobs-callback",
    "jobs-listen",
    "jobs-scheduler",
    "jobs-worker",
  ]);
  expect(sessions.every(({ ssl }) => ssl)).toBe(true);
});

test.each(["services/job-service/main.ts", "scripts/migrate.ts", "scripts/jobs.ts"])(
  "%s without the CA says what is wrong with TLS, and what to set",
  async (program) => {
    const env = {
      ...privateCa(),
      PGSSLROOTCERT: tls.file("other-ca.crt"),
      KNATIVE_SERVICE_URL: "http://127.0.0.1:1",
      INTERNAL_JOBS_CALLBACK_PORT: "0",
    };
    await using started = withProcess(program, env, program.endsWith("jobs.ts") ? ["list"] : []);
    expect(await started.exited).toBeGreaterThan(0);
    expect(started.output()).toMatch(
      /^Cannot (use|reach) the database tls_only at localhost:\d+ as postgres: TLS with sslmode=verify-full failed: .*\. Set PGSSLROOTCERT .*\.$/m,
    );
    expect(started.output()).not.toContain("    at ");
  },
);

test.each(["services/job-service/main.ts", "scripts/migrate.ts", "scripts/jobs.ts"])(
  "%s says in one line that a password has a lone %, and does not show it",
  async (program) => {
    const env = {
      DATABASE_URL: "postgres://a:50%off@127.0.0.1/b",
      KNATIVE_SERVICE_URL: "http://127.0.0.1:1",
    };
    await using started = withProcess(program, env, program.endsWith("jobs.ts") ? ["list"] : []);
    expect(await started.exited).toBeGreaterThan(0);
    expect(started.output()).toEndWith(
      "1 setting is wrong.\n  DATABASE_URL: there is a lone % in its password: write %25 for it (value not shown)\n",
    );
  },
);

test.each(["services/job-service/main.ts", "scripts/migrate.ts", "scripts/jobs.ts"])(
  "%s goes on without what belongs to other clients, and names it once",
  async (program) => {
    await using database = await withDatabase();
    const env = {
      DATABASE_URL: `${database.url}?pgbouncer=true&connection_limit=1&keepalives_interval=5&application_name=mine`,
      KNATIVE_SERVICE_URL: "http://127.0.0.1:1",
      INTERNAL_JOBS_CALLBACK_PORT: "0",
    };
    await using started = withProcess(program, env, program.endsWith("jobs.ts") ? ["list"] : []);
    if (program.startsWith("services"))
      await until("it is ready", () => started.output().includes("job service ready"));
    else expect(await started.exited).toBe(0);
    const told = started
      .output()
      .split("\n")
      .filter((line) => line.includes("Left out"));
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(
      "pgbouncer (a pooler is noticed without), connection_limit (pools have a fixed size), keepalives_interval (the system's is used).",
    );
  },
);

const faults = (env: Record<string, string>) => {
  try {
    readSettings("the job service", jobServiceSettings, { KNATIVE_SERVICE_URL: "http://f", ...env });
    return "";
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
};

test("one of several URLs may hold several hosts, and each is looked at", () => {
  expect(faults({ JOBS_DATABASES: "postgres://a@b,c:5433/d, postgresql://e@f/g," })).toBe("");
  expect(faults({ JOBS_DATABASES: "postgres://a@b/c,postgres://d:e%@f/g?sslmode=on" })).toBe(
    "Cannot start the job service: 1 setting is wrong.\n  JOBS_DATABASES: URL 2: there is a lone % in its password: write %25 for it (value not shown)",
  );
  expect(faults({ JOBS_LISTEN_URL: "postgres://a@b/c?sslmode=on" })).toContain(
    "JOBS_LISTEN_URL: sslmode: expected disable",
  );
});

test("all that is wrong with the variables is said at once", () => {
  const message = faults({
    PGSSLMODE: "verify_full",
    PGPORT: "x",
    PGSERVICE: "mine",
    PGGSSENCMODE: "require",
  });
  expect(
    message
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(":")[0])
      .toSorted((a = "", b = "") => (a < b ? -1 : 1)),
  ).toEqual(["PGGSSENCMODE", "PGPORT", "PGSERVICE", "PGSSLMODE"]);
  expect(message).toContain('(given: "verify_full")');
});
