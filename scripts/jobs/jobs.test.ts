import { expect, test } from "bun:test";
import { withDatabase } from "../../services/testing/with-database.ts";
import { run, tenant, withQueue } from "./with-queue.ts";

test("enqueue prints the job's number and keeps the payload byte for byte", async () => {
  await using queue = await withQueue();
  const payload = '{ "to": "שלום ☂", "n": 1.0 }';
  const options = "--key k --queue q --priority -5 --max-attempts 3 --run-at 2030-01-31T09:00";
  const done = await queue.jobs(["enqueue", "paint", payload, ...options.split(" ")]);
  expect(done).toEqual({
    exit: 0,
    out: "1",
    err: `Enqueued paint as job 1 for database ${tenant}, to run at 2030-01-31T08:00:00.000Z.`,
  });
  const [job] = await queue.sql`
    select database_id, task_identifier, payload::text, key, queue_name, priority, max_attempts from app_jobs.jobs`;
  expect(job).toEqual({
    database_id: tenant,
    task_identifier: "paint",
    payload,
    key: "k",
    queue_name: "q",
    priority: -5,
    max_attempts: 3,
  });
});

test("enqueue reads a payload from stdin, and a delay by the database's clock", async () => {
  await using queue = await withQueue();
  const done = await queue.jobs(["enqueue", "paint", "-", "--run-at", "+90s", "--json"], '{"a":1}');
  expect(JSON.parse(done.out)).toMatchObject({ id: "1", task: "paint", databaseId: tenant });
  const [job] = await queue.sql`
    select payload, round(extract(epoch from run_at - created_at))::int as delay from app_jobs.jobs`;
  expect(job).toEqual({ payload: { a: 1 }, delay: 90 });
});

test("a payload that is not JSON is refused before anything is sent, with its place", async () => {
  const done = await run(["enqueue", "paint", '{"to": "x",\n "n": 1,}'], { env: { PGHOST: "nowhere" } });
  expect(done.exit).toBe(2);
  expect(done.err).toBe(
    'Cannot read the JSON: at line 2, column 9 there is "}", but expected was a name in double quotes.\n   "n": 1,}\n          ^',
  );
  expect((await run(["enqueue", "paint", "@/no/such/file"])).err).toStartWith("Cannot read /no/such/file: ");
});

test("without a tenant it takes the only one there is, and asks where there are none or several", async () => {
  await using queue = await withQueue();
  const enqueue = () => run(["enqueue", "paint"], { env: queue.env });
  expect(await enqueue()).toMatchObject({ exit: 2, err: expect.stringContaining("Pass --db UUID") });
  await queue.sql.unsafe(`
    create schema metaschema_public;
    create table metaschema_public.database (id uuid primary key, name text);
    insert into metaschema_public.database values ('${tenant}', 'one')`);
  expect(await enqueue()).toMatchObject({ exit: 0, err: expect.stringContaining(tenant) });
  await queue.sql`insert into metaschema_public.database values (gen_random_uuid(), 'two')`;
  expect(await enqueue()).toMatchObject({
    exit: 2,
    err: expect.stringContaining(`has several (${tenant} one,`),
  });
});

test("list shows each job's state, and filters by it", async () => {
  await using queue = await withQueue();
  await queue.sql.unsafe(`
    insert into app_jobs.jobs (database_id, task_identifier, run_at, attempts, locked_at, last_error) values
      ('${tenant}', 'ready-one', now(), 0, null, null), ('${tenant}', 'scheduled-one', now() + '1 h', 0, null, null),
      ('${tenant}', 'running-one', now(), 1, now(), null), ('${tenant}', 'retrying-one', now() + '1 h', 1, null, 'no\nuse'),
      ('${tenant}', 'dead-one', now(), 25, null, 'gone')`);
  const all = (await queue.jobs(["list", "--json"])).out.split("\n").map((line): unknown => JSON.parse(line));
  expect(all).toMatchObject([
    { task: "dead-one", state: "dead" },
    { task: "retrying-one", state: "retrying" },
    { task: "running-one", state: "running" },
    { task: "scheduled-one", state: "scheduled" },
    { task: "ready-one", state: "ready" },
  ]);
  const table = (await queue.jobs(["list", "--state", "retrying"])).out.split("\n");
  expect(table[0]).toMatch(/^ID {2}TASK +TENANT +STATE +ATTEMPTS +RUN AT +LAST ERROR$/);
  expect(table[1]).toMatch(/^4 {3}retrying-one {2}0{8}-\S+1 {2}retrying {2}1\/25 +\S+Z {2}no use$/);
  expect(JSON.parse((await queue.jobs(["list", "--state", "retrying", "--json"])).out)).toMatchObject({
    databaseId: tenant,
    lastError: "no\nuse",
  });
  expect((await queue.jobs(["list", "--task", "nothing"])).err).toContain("No jobs.");
  const others = await queue.jobs(["list", "--db", "00000000-0000-0000-0000-000000000002"]);
  expect(others.err).toContain("No jobs.");
});

test("list and show remark which due tasks no living worker takes", async () => {
  await using queue = await withQueue();
  await queue.sql`select app_jobs.add_job(${tenant}, 'paint') from generate_series(1, 2)`;
  await queue.sql`select app_jobs.add_job(${tenant}, 'print', run_at => '-infinity')`;
  await queue.sql`select app_jobs.register_worker(gen_random_uuid(), 'w', 60, array['weigh'])`;
  const { err } = await queue.jobs(["list"]);
  expect(err).toMatch(
    /^No living worker takes paint: 2 jobs are due, since 2\S+\. Start one, and see its JOBS_SUPPORTED\.$/m,
  );
  expect(err).toMatch(/^No living worker takes print: 1 job is due, since -infinity\. /m);
  expect((await queue.jobs(["show", "1"])).err).toStartWith("No living worker takes paint: ");
  await queue.sql`select app_jobs.register_worker(gen_random_uuid(), 'w', 60)`;
  expect((await queue.jobs(["list"])).err).toBe("");
});

test("show lets neither a payload nor an error steer the terminal", async () => {
  await using queue = await withQueue();
  await queue.sql`select app_jobs.add_job(${tenant}, 'paint', ${'{"a":"\u009b2J",\n\t"b":"\u202e"}'}::text::json)`;
  await queue.sql`update app_jobs.jobs set last_error = ${"no\npaint\u001b[2J"}`;
  expect((await queue.jobs(["show", "1"])).out).toEndWith(
    'last error:\nno\npaint [2J\n\npayload:\n{"a":" 2J",\n\t"b":" "}',
  );
});

test("show prints the payload, and says when there is no such job", async () => {
  await using queue = await withQueue();
  await queue.jobs(["enqueue", "paint", '{"colour":"red"}']);
  const shown = await queue.jobs(["show", "1"]);
  expect(shown.out).toMatch(/^state +ready$/m);
  expect(shown.out).toEndWith('payload:\n{"colour":"red"}');
  expect(JSON.parse((await queue.jobs(["show", "1", "--json"])).out).payload).toEqual({ colour: "red" });
  await queue.jobs(["enqueue", "count", '{"n":12345678901234567890,"price":1.0}']);
  expect((await queue.jobs(["show", "2", "--json"])).out).toContain(
    '"payload":{"n":12345678901234567890,"price":1.0}',
  );
  expect(await queue.jobs(["show", "77"])).toEqual({
    exit: 3,
    out: "",
    err: "Cannot show job 77: there is none. A completed job is gone, unless JOBS_KEEP_COMPLETED keeps it.",
  });
});

test("retry revives a dead job and leaves a running one", async () => {
  await using queue = await withQueue();
  await queue.sql.unsafe(`
    insert into app_jobs.jobs (database_id, task_identifier, attempts, locked_at) values
      ('${tenant}', 'dead', 25, null), ('${tenant}', 'running', 1, now())`);
  const done = await queue.jobs(["retry", "1", "2"]);
  expect(done).toMatchObject({ exit: 0, err: "Left as they were; not there, or running: 2." });
  const [job] = await queue.sql`select attempts, run_at <= now() as due from app_jobs.jobs where id = 1`;
  expect(job).toEqual({ attempts: 0, due: true });
  expect((await queue.jobs(["retry", "2", "99"])).exit).toBe(3);
});

test("a dead job is listed, shown with its reason, put back with another payload, and discarded", async () => {
  await using queue = await withQueue();
  await queue.jobs(["enqueue", "paint", '{"colour":"rde"}']);
  await queue.sql`select app_jobs.permanently_fail_jobs(array[1], 'no such colour')`;
  expect((await queue.jobs(["list", "--dead"])).out).toContain("no such colour");
  expect((await queue.jobs(["show", "1"])).out).toMatch(/^deathReason +by an operator$/m);
  const payload = '{ "colour": "red" }';
  expect((await queue.jobs(["retry", "1", "--payload", payload])).exit).toBe(0);
  expect((await queue.jobs(["show", "1"])).out).toEndWith(`payload:\n${payload}`);
  expect(await queue.jobs(["retry", "1", "--payload", "{}"])).toMatchObject({
    exit: 3,
    err: expect.stringContaining("Cannot retry any of these jobs: not dead: 1. "),
  });
  expect((await queue.jobs(["discard", "1"])).exit).toBe(3);
  await queue.sql`select app_jobs.permanently_fail_jobs(array[1])`;
  expect((await queue.jobs(["discard", "1", "9"])).err).toBe("Left as they were; not dead: 9.");
  expect((await queue.jobs(["show", "1"])).exit).toBe(3);
});

test("show prints what became of a job's attempts, also once it has completed and is kept", async () => {
  await using queue = await withQueue();
  await queue.sql`select app_jobs.add_job(${tenant}, 'paint')`;
  await queue.sql`select app_jobs.fail_job('w', id, 'no paint') from app_jobs.get_job('w')`;
  const history =
    /^history:\nATTEMPT +OUTCOME +ENDED +TOOK +WORKER +HTTP +ERROR\n1 +retry +\S+Z +\d+ ms +w +- +no paint$/m;
  expect((await queue.jobs(["show", "1"])).out).toMatch(history);

  await queue.sql`update app_jobs.jobs set run_at = now()`;
  await queue.sql.begin(async (sql) => {
    await sql`select set_config('jobs.keep_completed', '1 day', true)`;
    await sql`select app_jobs.complete_job('w', id) from app_jobs.get_job('w')`;
  });
  expect((await queue.jobs(["list"])).err).toBe("No jobs.");
  expect((await queue.jobs(["list", "--completed"])).out).toMatch(
    /^1 +paint +0{8}-\S+1 +completed +2\/25 +\S+Z +\d+ ms +no paint$/m,
  );
  const shown = (await queue.jobs(["show", "1"])).out;
  expect(shown).toMatch(history);
  expect(shown).toMatch(/^completedAt +\S+Z$/m);
  expect(JSON.parse((await queue.jobs(["show", "1", "--json"])).out).history).toMatchObject([
    { attempt: 1, outcome: "retry", tries: 1, workerId: "w", httpStatus: null, error: "no paint" },
  ]);
});

test("a database that is not there is told from one that refuses", async () => {
  const down = await run(["list"], { env: { PGHOST: "127.0.0.1", PGPORT: "1" } });
  expect(down).toMatchObject({ exit: 4, out: "", err: expect.stringContaining("Cannot reach the database") });
  await using empty = await withDatabase("empty");
  const bare = await run(["list"], { env: empty.env });
  expect(bare).toMatchObject({ exit: 1, err: expect.stringContaining('Run "bun run db:migrate"') });
});

test("wrong usage exits with 2, and names what is wrong", async () => {
  const cases = [
    [["enqueue"], "missing required argument 'task'"],
    [["show", "x"], "Expected the number of a row"],
    [["list", "--limit", "0"], "Expected a whole number from 1 to 100000."],
    [["enqueue", "paint", "--run-at", "soon"], "Expected an ISO 8601 time"],
    [["enqueue", "paint", "--db", "five"], "Expected a UUID."],
    [["paint"], "unknown command 'paint'"],
  ] as const;
  for (const [args, message] of cases)
    expect(await run(args)).toMatchObject({ exit: 2, err: expect.stringContaining(message) });
  expect((await run(["list"], { env: { PGPORT: "x" } })).err).toContain("PGPORT: expected a whole number");
  expect((await run(["--help"])).exit).toBe(0);
});
