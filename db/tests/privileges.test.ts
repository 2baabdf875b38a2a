import { expect, test } from "bun:test";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { connect, type Sql } from "../client/connect.ts";
import { readJobHistory } from "../client/job-history.ts";
import { createJobs } from "../client/jobs.ts";
import { createSchedules } from "../client/schedules.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** Makes a role with the statements that docs/roles.md prints for it, and gives a connection of that role. */
async function withRole(database: TestDatabase, role: string): Promise<AsyncDisposable & { sql: Sql }> {
  const page = await Bun.file(new URL("../../docs/roles.md", import.meta.url)).text();
  const statements = page.match(new RegExp(`\`\`\`sql\\n-- ${role}\\n(.*?)\`\`\``, "s"))?.[1];
  const name = `${role.replaceAll(" ", "_")}_${crypto.randomUUID().slice(0, 8)}`;
  await database.sql.unsafe(`create role ${name} login password 'secret'`);
  await database.sql.unsafe((statements ?? "no such block").replaceAll("ROLE", name));
  const url = new URL(database.url);
  url.username = name;
  url.password = "secret";
  const sql = connect({ ...database.settings, DATABASE_URL: url.href }, { max: 1, name: "role" });
  return {
    sql,
    [Symbol.asyncDispose]: async () => {
      await sql.end({ timeout: 1 });
      await database.sql.unsafe(`drop owned by ${name}; drop role ${name}`);
    },
  };
}

test("the enqueuing role can enqueue, and see and do nothing else", async () => {
  await using database = await withDatabase();
  await using role = await withRole(database, "enqueuing role");
  await role.sql`select app_jobs.add_job(${tenant}, 'mail', queue_name => 'q')`;
  await role.sql`select app_jobs.add_scheduled_job(${tenant}, 'mail', '{}', '{"rule":"* * * * *"}')`;
  expect(await database.sql`select from app_jobs.jobs`).toHaveLength(1);

  const refused = await database.sql<{ statement: string }[]>`
    select format('select from app_jobs.%I', tablename) as statement
    from pg_tables where schemaname = 'app_jobs'
    union all
    select format('select app_jobs.%I(%s)', p.proname,
      (select string_agg('null::' || format_type(t.type, null), ', ' order by t.at)
       from unnest(p.proargtypes) with ordinality as t (type, at)))
    from pg_proc as p
    where pronamespace = 'app_jobs'::regnamespace
      and prorettype <> 'trigger'::regtype
      and proname not in ('add_job', 'add_scheduled_job', 'add_jobs', 'add_task_jobs')`;
  expect(refused.length).toBeGreaterThan(20);
  for (const { statement } of refused) {
    const answer = await role.sql.unsafe(statement).then(
      () => "was allowed",
      (error: unknown) => String(error),
    );
    expect(`${statement}: ${answer}`).toContain("permission denied");
  }
});

test("the service's role can do everything that the services do", async () => {
  await using database = await withDatabase();
  await using role = await withRole(database, "service role");
  const jobs = createJobs(role.sql, "app_jobs", { keepSeconds: 3600 });
  const run = crypto.randomUUID();
  await jobs.registerWorker({ run, workerId: "w", leaseSeconds: 30 });
  expect(await jobs.beatWorker(run)).toEqual({ cancelled: [], policies: [] });
  await database.sql`
    select app_jobs.add_job(${tenant}, 'mail', queue_name => 'q' || i) from generate_series(1, 4) as i`;
  const {
    jobs: [first, second, third],
  } = await jobs.getJobs({ run, limit: 3, tasks: { only: null, except: null } });
  if (!first || !second || !third) throw new Error("Three jobs were to be claimed.");
  const lease = (job: typeof first) => ({ jobId: job.id, leaseToken: job.leaseToken });
  await database.sql`select app_jobs.add_completed_partition(now() - interval '2 days')`;
  expect(await jobs.tidyCompleted()).toBe(1);
  expect((await jobs.completeJobs([lease(first)])).size).toBe(1);
  const failure = { ...lease(second), kind: "retry", message: "no", delaySeconds: null } as const;
  expect(await jobs.failJobs([failure], 60)).toHaveLength(1);
  expect(await jobs.callback(lease(third), { kind: "complete" })).toBe("taken");
  expect(await jobs.callbackKeys()).toHaveLength(1);
  await jobs.rescueJobs();
  await jobs.nextJob();
  await role.sql`select app_jobs.set_task_policy('mail', timeout_seconds => 5)`;
  expect(await role.sql`select from app_jobs.remove_task_policies(array['mail'])`).toHaveLength(1);
  await jobs.getJobs({ run, limit: 1, tasks: { only: null, except: null } });
  expect(await jobs.cancelJobs(["4"])).toEqual(new Set(["4"]));
  expect(await role.sql`select from app_jobs.retry_dead_jobs(array[4])`).toHaveLength(1);
  expect(await readJobHistory(role.sql, "app_jobs", second.id)).toHaveLength(1);
  expect(await role.sql`select from app_jobs.completed_jobs`).toHaveLength(2);
  await jobs.releaseStrays(run, []);
  await jobs.releaseWorker(run);

  const schedules = createSchedules(role.sql, "app_jobs");
  await database.sql`select app_jobs.add_scheduled_job(${tenant}, 'mail', '{}', '{"rule":"* * * * *"}')`;
  expect(await schedules.unread({ limit: 10, except: [] })).toHaveLength(1);
});

test("nobody else has any right", async () => {
  await using database = await withDatabase();
  const open = await database.sql`
    select p.oid::regprocedure::text as name
    from pg_proc as p
    cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) as acl
    where p.pronamespace = 'app_jobs'::regnamespace and acl.grantee = 0
    union all
    select c.oid::regclass::text
    from pg_class as c
    cross join lateral aclexplode(c.relacl) as acl
    where c.relnamespace = 'app_jobs'::regnamespace and acl.grantee = 0
    union all
    select n.nspname
    from pg_namespace as n
    cross join lateral aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as acl
    where n.nspname = 'app_jobs' and acl.grantee = 0`;
  expect([...open]).toEqual([]);
});
