import { expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { header, jobRequestHeaders } from "../../functions/protocol/headers.ts";
import { readCallbackToken } from "../../services/callback-token/callback-token.ts";
import { withDatabase } from "../../services/testing/with-database.ts";
import { root } from "../check/repository-files.ts";

// docs/protocol.md beside the code, and a worker that is written from its section 9 alone.

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const page = await Bun.file(join(root, "docs/protocol.md")).text();
const section = (number: number) => page.split(/^## (?=\d+\. )/m)[number] ?? "";

test("section 2 lists every header of a request, and sections 2 to 4 every header of the protocol", () => {
  const sent = Object.keys(
    jobRequestHeaders({
      workerId: "w",
      jobId: "7",
      revision: 0,
      databaseId: tenant,
      callbackUrl: "http://jobs/callback",
      attempt: 1,
      maxAttempts: 25,
      taskIdentifier: "task",
      deadline: new Date(0),
      timeoutSeconds: 290,
      createdAt: new Date(0),
      traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
      tracestate: "a=b",
      scheduleId: "1",
      scheduledAt: new Date(0),
    }),
  );
  expect(sent.filter((name) => !section(2).includes(`\`${name}\``))).toEqual([]);
  const told = section(2) + section(3) + section(4);
  expect(Object.values(header).filter((name) => !told.includes(`\`${name}`))).toEqual([]);
});

test("section 1's functions have the arguments that the database has, in their order, with their defaults", async () => {
  await using database = await withDatabase();
  const rows = [...section(1).matchAll(/^\| `(\w+)` \| `([^`]*)` \|/gm)];
  expect(rows).toHaveLength(12);
  for (const [, name = "", told = ""] of rows) {
    const [found] = await database.sql<{ given: string }[]>`
      select pg_get_function_arguments(oid) as given from pg_proc
      where pronamespace = 'app_jobs'::regnamespace and proname = ${name}`;
    const given = (found?.given ?? "")
      .replaceAll("timestamp with time zone", "timestamptz")
      .replaceAll("integer", "int")
      .replaceAll(/ DEFAULT ('[^']*'|NULL)::[a-z]+(\[\])?/g, " = $1")
      .replaceAll(" DEFAULT ", " = ")
      .replaceAll("NULL", "null")
      .replaceAll("'04:00:00'", "'4 hours'")
      .replaceAll("'01:00:00'", "'1 hours'");
    expect(`${name}: ${given}`).toStartWith(`${name}: ${told}`);
  }
});

/** The token of a lease as section 9.4 says it. */
function tokenOf(id: string, leaseToken: string, secret: string): string {
  const signature = createHmac("sha256", secret).update(`${id}.${leaseToken}`).digest("base64url");
  return `${leaseToken}.${signature.slice(0, 22)}`;
}

test("a plain worker reports each outcome of section 9 under the lease of get_job, and makes its callback token", async () => {
  await using database = await withDatabase();
  const { sql } = database;
  await sql`select app_jobs.add_task_jobs(${tenant}, 'task', array_fill('{}'::json, array[7]))`;
  const claim = async () => {
    const [job] = await sql<{ id: string; token: string }[]>`
      select id, lease_token as token from app_jobs.get_job('plain')`;
    return job ?? { id: "none", token: "none" };
  };
  const first = await claim();
  const [key] = await sql<
    { secret: string }[]
  >`select secret from app_jobs.callback_keys order by id desc limit 1`;
  const secret = key?.secret ?? "";
  const lease = { jobId: first.id, leaseToken: first.token };
  expect(readCallbackToken(first.id, tokenOf(first.id, first.token, secret), [secret])).toEqual(lease);

  expect(
    await sql`select * from app_jobs.complete_leases(array[${first.id}::bigint], array[${first.token}::uuid])`,
  ).toHaveLength(1);
  for (const kind of ["retry", "dead", "unreachable"]) {
    const { id, token } = await claim();
    expect(
      await sql`select id from app_jobs.fail_leases(array[${id}::bigint], array[${token}::uuid], array[${kind}], array['why'],
        array[null::float8])`,
    ).toHaveLength(1);
  }
  const accepted = await claim();
  expect(
    await sql`select * from app_jobs.accept_leases(array[${accepted.id}::bigint], array[${accepted.token}::uuid], 60)`,
  ).toHaveLength(1);
  const done =
    await sql`select app_jobs.callback_job(${accepted.id}, ${accepted.token}, '{"kind": "complete"}') as result`;
  expect([...done]).toEqual([{ result: "taken" }]);
  const { id, token } = await claim();
  expect([
    ...(await sql`select locked_at is null as is_null from app_jobs.fail_job('plain', ${id}, 'why')`),
  ]).toEqual([{ is_null: true }]);
  const late = await sql`select * from app_jobs.complete_leases(array[${id}::bigint], array[${token}::uuid])`;
  expect(late).toHaveLength(0);
});

test("callback_job takes every report of section 9.5", async () => {
  await using database = await withDatabase();
  const [, json = "[]"] = /```json\n([\s\S]*?)```/.exec(section(9)) ?? [];
  const reports: unknown[] = JSON.parse(json);
  expect(reports).toHaveLength(5);
  for (const report of reports) {
    await database.sql`select app_jobs.add_job(${tenant}, 'task')`;
    const [job] = await database.sql<{ id: string; token: string }[]>`
      select id, lease_token as token from app_jobs.get_job('plain')`;
    const [told] = await database.sql`
      select app_jobs.callback_job(${job?.id ?? ""}, ${job?.token ?? ""}, ${JSON.stringify(report)}::text::json) as result`;
    expect(told).toEqual({ result: "taken" });
  }
});
