import { expect, test } from "bun:test";
import { findLinks } from "../../services/mailbox/find-links.ts";
import { until } from "../../services/testing/until.ts";
import { withFolder, withStack } from "./with-stack.ts";

// What the document that this project was created from shows, run against `bun run start` as it is printed there; what it
// has the shell fill in ($DBID, $SENDER_ID, uuidgen) is filled in here.

const databaseId = "00000000-0000-4000-8000-000000000001";
const userId = "00000000-0000-4000-8000-000000000006";
const emailId = "6b0f9c53-9f0a-4f0c-8a55-1f1f5f6f7a01";

const inviteEmail = `
    SELECT app_jobs.add_job(
      '$DBID'::uuid,
      'send-email-link',
      json_build_object(
        'email_type',   'invite_email',
        'email',        'user@example.com',
        'invite_token', 'invite-token-123',
        'sender_id',    '$SENDER_ID'
      )::json
    );
  `;

const forgotPassword = `
    SELECT app_jobs.add_job(
      '$DBID'::uuid,
      'send-email-link',
      json_build_object(
        'email_type',   'forgot_password',
        'email',        'user@example.com',
        'user_id',      '$SENDER_ID',
        'reset_token',  'reset-token-123'
      )::json
    );
  `;

const emailVerification = `
    SELECT app_jobs.add_job(
      '$DBID'::uuid,
      'send-email-link',
      json_build_object(
        'email_type',   'email_verification',
        'email',        'user@example.com',
        'email_id',     '$(uuidgen)',
        'verification_token', 'verify-token-123'
      )::json
    );
  `;

const inspectQueue = `
SELECT
  id,
  task_identifier,
  attempts,
  max_attempts,
  last_error,
  locked_by,
  locked_at,
  run_at,
  created_at,
  updated_at
FROM app_jobs.jobs
ORDER BY id DESC;
`;

const schedule = `
SELECT app_jobs.add_scheduled_job(
  '00000000-0000-0000-0000-000000000001'::uuid,
  'some-task-name',
  json_build_object('foo', 'bar'),
  json_build_object(
    'start', NOW(),
    'end',   NOW() + '1 day'::interval,
    'rule',  '*/5 * * * *'   -- every 5 minutes (cron rule)
  )
);
`;

const inspectSchedules = `
SELECT
  id,
  task_identifier,
  payload,
  schedule_info,
  last_scheduled,
  last_scheduled_id
FROM app_jobs.scheduled_jobs
ORDER BY id DESC;
`;

test("the three GraphQL queries answer with the sample", async () => {
  await using folder = await withFolder();
  await using stack = await withStack(folder);
  expect(
    JSON.stringify(await stack.ask('{"query": "{ __schema { queryType { fields { name } } } }"}')),
  ).toContain('{"name":"databases"}');
  expect(await stack.ask('{"query": "{ databases { nodes { id name } } }"}')).toEqual({
    data: { databases: { nodes: [{ id: databaseId, name: "constructive" }] } },
  });
  expect(await stack.ask('{"query": "{ users { nodes { id username displayName } } }"}')).toEqual({
    data: { users: { nodes: [{ id: userId, username: "ada", displayName: "Ada Lovelace" }] } },
  });
});

test("each of the three jobs becomes a mail with its link, and leaves the queue", async () => {
  await using folder = await withFolder();
  await using stack = await withStack(folder);
  const idOf = async (query: string) => String((await stack.sql.unsafe(query))[0]?.["id"]);
  const dbId = await idOf("SELECT id FROM metaschema_public.database ORDER BY created_at LIMIT 1;");
  const senderId = await idOf("SELECT id FROM roles_public.users ORDER BY created_at LIMIT 1;");
  for (const statement of [inviteEmail, forgotPassword, emailVerification])
    await stack.sql.unsafe(
      statement
        .replaceAll("$DBID", dbId)
        .replaceAll("$SENDER_ID", senderId)
        .replaceAll("$(uuidgen)", emailId),
    );

  await until("the queue is empty", async () => (await stack.sql.unsafe(inspectQueue)).length === 0);
  const mails = await stack.messages();
  expect(mails.map((mail) => mail.to)).toEqual(Array(3).fill("user@example.com"));
  const links = [
    "http://localhost:3000/register?invite_token=invite-token-123&email=user%40example.com&type=app",
    `http://localhost:3000/reset-password?role_id=${userId}&reset_token=reset-token-123`,
    `http://localhost:3000/verify-email?email_id=${emailId}&verification_token=verify-token-123`,
  ];
  const ours = (found: readonly string[]) => found.filter((link) => link.includes("localhost:3000"));
  const inHtml = await Promise.all(mails.map((mail) => findLinks(mail.html, "")));
  const inText = await Promise.all(mails.map((mail) => findLinks("", mail.text)));
  expect(inHtml.flatMap(ours).sort()).toEqual(links);
  expect(inText.flatMap(ours).sort()).toEqual(links);
});

test("the schedule is planned for the next five minutes, and can be inspected", async () => {
  await using folder = await withFolder();
  await using stack = await withStack(folder);
  await stack.sql.unsafe(schedule);
  const planned = await until("it is planned", async () => {
    const rows = await stack.sql<{ fault: string | null; tick: Date | null; near: boolean }[]>`
      select schedule_error as fault, next_tick as tick, next_tick - now() <= interval '5 minutes' as near
      from app_jobs.scheduled_jobs
      where next_tick is not null or schedule_error is not null`;
    return rows[0];
  });
  expect(planned).toMatchObject({ fault: null, near: true });
  expect(Number(planned.tick) % 300_000).toBe(0);
  const [row] = await stack.sql.unsafe(inspectSchedules);
  expect(row).toMatchObject({
    task_identifier: "some-task-name",
    payload: { foo: "bar" },
    schedule_info: { rule: "*/5 * * * *" },
  });
});

test("a schedule's ticks become jobs, which become mails", async () => {
  await using folder = await withFolder();
  await using stack = await withStack(folder);
  await stack.sql`
    select app_jobs.add_scheduled_job(
      ${databaseId},
      'simple-email',
      '{"to": "user@example.com", "subject": "Tick", "text": "It is time."}',
      '{"rule": "* * * * * *"}'
    )`;
  await until("two ticks are in the mailbox", async () => (await stack.messages()).length >= 2);
  const mails = await stack.messages();
  expect(new Set(mails.map((mail) => mail.subject))).toEqual(new Set(["Tick"]));
  const [row] = await stack.sql.unsafe(inspectSchedules);
  expect(row).toMatchObject({ last_scheduled: expect.any(Date), last_scheduled_id: expect.anything() });
});
