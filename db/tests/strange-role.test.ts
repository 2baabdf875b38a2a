import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { withProcess } from "../../services/testing/with-process.ts";

/** A role with no rights, as the environment of a command. */
async function withStranger(database: TestDatabase) {
  const name = `stranger_${crypto.randomUUID().slice(0, 8)}`;
  await database.sql.unsafe(`create role ${name} login password 'secret'`);
  const url = new URL(database.url);
  url.username = name;
  url.password = "secret";
  return {
    env: { DATABASE_URL: url.href },
    [Symbol.asyncDispose]: async () => {
      await database.sql.unsafe(`drop role ${name}`);
    },
  };
}

const whoMayMigrate =
  "Use the role that owns the schema, or for a new schema one that may make it (grant create on database).";

test.each(["empty", "migrated"] as const)(
  "a role that may not migrate the %s database is told which one may",
  async (kind) => {
    await using database = await (kind === "empty" ? withDatabase("empty") : withDatabase());
    await using stranger = await withStranger(database);
    await using command = withProcess("scripts/migrate.ts", stranger.env);
    expect(await command.exited).toBe(1);
    expect(command.output()).toMatch(/^Cannot migrate: permission denied for (database|schema) \w+\. /);
    expect(command.output()).toEndWith(`${whoMayMigrate}\n`);
  },
);

test("a role that may not see the jobs is told what it needs", async () => {
  await using database = await withDatabase();
  await using stranger = await withStranger(database);
  await using command = withProcess("scripts/jobs.ts", stranger.env, ["list"]);
  expect(await command.exited).toBe(1);
  expect(command.output()).toBe(
    "Cannot do that: permission denied for schema app_jobs. Grant the role what docs/roles.md lists for a service, or use the schema's owner.\n",
  );
});

test("in a database with another style of dates times are read right", async () => {
  await using database = await withDatabase("empty");
  const name = new URL(database.url).pathname.slice(1);
  await database.sql.unsafe(`alter database "${name}" set DateStyle = 'SQL, DMY'`);
  const env = { DATABASE_URL: database.url };
  await using migrated = withProcess("scripts/migrate.ts", env);
  expect([await migrated.exited, migrated.output()]).toEqual([0, expect.stringContaining("applied")]);
  const runAt = ["--run-at", "2027-02-03T04:05:06Z"];
  const tenant = ["--db", "00000000-0000-4000-8000-000000000001"];
  await using enqueued = withProcess("scripts/jobs.ts", env, ["enqueue", "a", ...runAt, ...tenant, "--json"]);
  expect([await enqueued.exited, enqueued.output()]).toEqual([
    0,
    expect.stringContaining("2027-02-03T04:05:06.000Z"),
  ]);
});

test.each(["job-service", "worker", "callback", "scheduler"])(
  "the %s of a role without its rights ends, and says where they are listed",
  async (service) => {
    await using database = await withDatabase();
    await using stranger = await withStranger(database);
    const role = new URL(stranger.env.DATABASE_URL).username;
    await database.sql.unsafe(
      `grant usage on schema app_jobs to ${role}; grant select on app_jobs.migrations to ${role}`,
    );
    await using started = withProcess(`services/${service}/main.ts`, {
      ...stranger.env,
      KNATIVE_SERVICE_URL: "http://127.0.0.1:1",
      INTERNAL_JOBS_CALLBACK_URL: "http://127.0.0.1:1/callback",
      INTERNAL_JOBS_CALLBACK_PORT: "0",
    });
    expect(await started.exited).toBe(1);
    expect(started.output()).toMatch(
      /^Cannot use the database .* permission denied for .*\. Grant the role what docs\/roles\.md lists\.$/m,
    );
    expect(started.output()).not.toContain("    at ");
    await database.sql.unsafe(`drop owned by ${role}`);
  },
);
