import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { addSampleRows, createSampleTables } from "../../services/admin-api/load-sample.ts";
import { firstTick } from "../../services/scheduler/next-tick.ts";
import { withDatabase } from "../../services/testing/with-database.ts";

const readme = await readFile(join(import.meta.dirname, "../../README.md"), "utf8");
const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** Gives the README's one block of a language that contains a word. That each runs is for scripts/docs/snippets.test.ts. */
function block(language: string, word: string): string {
  const all = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  const [only = "", ...more] = all
    .filter(([, found, text = ""]) => found === language && text.includes(word))
    .map(([, , text = ""]) => text);
  expect(more).toEqual([]);
  expect(only).not.toBe("");
  return only;
}

test("the README's job is enqueued with all that its lines say", async () => {
  await using database = await withDatabase();
  await database.sql.unsafe(block("sql", ".add_job("));
  const [job] = await database.sql`
    select database_id, task_identifier, payload::text, key, queue_name, run_at - created_at = '5 minutes' as later,
      max_attempts, priority
    from app_jobs.jobs`;
  expect(job).toEqual({
    database_id: tenant,
    task_identifier: "send-email-link",
    payload: '{"email_type": "…"}',
    key: "reset:42",
    queue_name: "user:42",
    later: true,
    max_attempts: 25,
    priority: 0,
  });
});

test("the README's schedule ticks on workdays at three, Berlin time", async () => {
  await using database = await withDatabase();
  await database.sql.unsafe(block("sql", ".add_scheduled_job("));
  const [schedule] = await database.sql<{ task: string; info: string }[]>`
    select task_identifier as task, schedule_info::text as info from app_jobs.scheduled_jobs`;
  expect(schedule?.task).toBe("nightly-report");
  const friday = new Date("2026-06-05T12:00:00Z");
  expect(firstTick(schedule?.info ?? "", friday)).toMatchObject({ tick: new Date("2026-06-08T01:00:00Z") });
});

test("the README's first command enqueues a mail for the sample's tenant and user", async () => {
  await using database = await withDatabase();
  await createSampleTables(database.sql);
  await addSampleRows(database.sql, "http://localhost:3001");
  const [, statement = ""] = /-c "\n([^"]+)"/.exec(block("bash", "psql -h")) ?? [];
  await database.sql.unsafe(statement);
  const [job] = await database.sql`
    select j.task_identifier, j.payload, d.name
    from app_jobs.jobs as j join metaschema_public.database as d on d.id = j.database_id`;
  expect(job).toEqual({
    task_identifier: "send-email-link",
    payload: {
      email_type: "forgot_password",
      email: "user@example.com",
      user_id: "00000000-0000-4000-8000-000000000006",
      reset_token: "reset-token-123",
    },
    name: "constructive",
  });
});
