import { expect, test } from "bun:test";
import { migrate } from "../../db/migrate.ts";
import { until } from "../testing/until.ts";
import { type TestDatabase, withDatabase } from "../testing/with-database.ts";
import { withFunction } from "../testing/with-function.ts";
import { withJobService } from "../testing/with-job-service.ts";
import { withProcess } from "../testing/with-process.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

test("a migration goes on whatever limits are set for it", async () => {
  await using database = await withDatabase("empty");
  const name = new URL(database.url).pathname.slice(1);
  const limits = ["statement_timeout", "lock_timeout", "transaction_timeout"].map(
    (limit) => `${limit} = '100ms'`,
  );
  const rest = ["idle_in_transaction_session_timeout = '10ms'", "default_transaction_read_only = on"];
  for (const setting of [...limits, ...rest])
    await database.sql.unsafe(`alter database "${name}" set ${setting}`);
  const { applied, total } = await migrate(database.settings);
  expect(applied).toBe(total);
});

/** A role that has a service's rights, and what is set for it. */
async function withRole(database: TestDatabase, settings: readonly string[]) {
  const name = `service_${crypto.randomUUID().slice(0, 8)}`;
  await database.sql.unsafe(`create role ${name} login password 'secret'`);
  await database.sql.unsafe(`grant usage on schema app_jobs to ${name}`);
  await database.sql.unsafe(
    `grant select, insert, update, delete on all tables in schema app_jobs to ${name}`,
  );
  await database.sql.unsafe(`grant execute on all functions in schema app_jobs to ${name}`);
  for (const setting of settings) await database.sql.unsafe(`alter role ${name} set ${setting}`);
  const url = new URL(database.url);
  url.username = name;
  url.password = "secret";
  return { name, env: { DATABASE_URL: url.href } };
}

const noWork: [what: string, settings: readonly string[], more: string, said: RegExp][] = [
  [
    "row-level security",
    [],
    "alter table app_jobs.jobs enable row level security",
    /row-level security may hide rows of app_jobs\.jobs from the role service_\w+, .* create policy … on app_jobs\.jobs/,
  ],
  [
    "row-level security whose policy has a condition",
    [],
    "alter table app_jobs.jobs enable row level security; create policy mine on app_jobs.jobs using (priority > 0)",
    /row-level security may hide rows/,
  ],
  [
    "row-level security that is to raise",
    ["row_security = off"],
    "alter table app_jobs.jobs enable row level security",
    /row-level security may hide rows/,
  ],
  [
    "replica role",
    ["session_replication_role = replica"],
    "",
    /session_replication_role is replica for the role .* reset session_replication_role/,
  ],
  [
    "transactions that only read",
    ["default_transaction_read_only = on"],
    "",
    /default_transaction_read_only is on for the role .* reset default_transaction_read_only/,
  ],
];

for (const [what, settings, more, said] of noWork)
  test(`a role with ${what} is told at start that its jobs would not run`, async () => {
    await using database = await withDatabase();
    const role = await withRole(database, settings);
    if (more !== "") await database.sql.unsafe(more.replaceAll("\n", " ")).simple();
    for (const part of ["worker", "scheduler", "callback"]) {
      await using process = withProcess(`services/${part}/main.ts`, {
        ...role.env,
        KNATIVE_SERVICE_URL: "http://127.0.0.1:1",
        INTERNAL_JOBS_CALLBACK_URL: "http://127.0.0.1:1/callback",
        INTERNAL_JOBS_CALLBACK_PORT: "0",
      });
      expect(await process.exited).toBe(1);
      expect(process.output()).toMatch(said);
      expect(process.output()).not.toContain("    at ");
    }
    await database.sql.unsafe(`drop owned by ${role.name}`);
    await database.sql.unsafe(`drop role ${role.name}`);
  });

test("row-level security with a policy that lets the service's role see all is no hindrance", async () => {
  await using database = await withDatabase();
  const role = await withRole(database, []);
  await database.sql.unsafe("alter table app_jobs.jobs enable row level security");
  await database.sql.unsafe(
    `create policy service on app_jobs.jobs to ${role.name} using (true) with check (true)`,
  );
  await using fn = await withFunction();
  {
    await using _service = await withJobService({ ...role.env, KNATIVE_SERVICE_URL: fn.url });
    await database.sql`select app_jobs.add_job(${tenant}, 'life')`;
    await until("it ran", () => fn.requests.length === 1);
    await until("it is done", async () => (await database.sql`select from app_jobs.jobs`).length === 0);
  }
  await database.sql.unsafe(`drop owned by ${role.name}`);
  await database.sql.unsafe(`drop role ${role.name}`);
});
