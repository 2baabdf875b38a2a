import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../services/testing/until.ts";
import { withDatabase } from "../../services/testing/with-database.ts";
import { type TestProcess, withCommand } from "../../services/testing/with-process.ts";
import { type ComposeService, readComposeStack } from "../check/compose-stack.ts";
import { readRepository } from "../check/repository-files.ts";
import { buildProgram } from "../image/build-program.ts";

// The compose files without an engine: each service's program, with its words and its environment. Only where they reach each other is
// filled in here: names of services are addresses of this machine.

const { services } = readComposeStack(await readRepository());
const programs = new Map<string, string>();
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "jobs-compose-"));
  for (const name of ["job-service", "local-stack", "send-email-link"])
    programs.set(name, await buildProgram(name, join(folder, name)));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function serviceNamed(name: string): ComposeService {
  const found = services.find((service) => service.name === name);
  if (found === undefined) throw new Error(`There is no service ${name}.`);
  return found;
}

/** Runs a service as compose would, with these settings in place of its own. */
function run(name: string, replaced: Readonly<Record<string, string>>): TestProcess {
  const { environment, command, image } = serviceNamed(name);
  const own = Object.entries(environment).map(
    ([key, value]) => [key, value.replaceAll(/\$\{\w+:-([^}]*)\}/g, "$1")] as const,
  );
  const program = programs.get(/\/([^:]+):/.exec(image)?.[1] ?? "") ?? "";
  return withCommand([program, ...command], { ...Object.fromEntries(own), ...replaced });
}

async function portOf(program: TestProcess, pattern: RegExp): Promise<string> {
  return until("it is ready", () => pattern.exec(program.output())?.[1]).catch((cause: unknown) => {
    throw new Error(`It does not start:\n${program.output()}`, { cause });
  });
}

test("the services' programs, with the words and settings of the compose file, turn a job into a mail", async () => {
  await using database = await withDatabase("empty");
  for (const name of ["migrate", "sample"]) {
    await using once = run(name, database.env);
    expect([await once.exited, once.output()]).toEqual([0, expect.any(String)]);
  }
  await using admin = run("constructive-admin-server", { ...database.env, ADMIN_API_PORT: "0" });
  await using mailbox = run("mailbox", { MAILBOX_PORT: "0" });
  const api = `http://127.0.0.1:${await portOf(admin, /admin API ready on \S+:(\d+)/)}/graphql`;
  const mails = `http://127.0.0.1:${await portOf(mailbox, /mailbox ready on \S+:(\d+)/)}`;
  await using links = run("send-email-link", {
    PORT: "0",
    GRAPHQL_URL: api,
    META_GRAPHQL_URL: api,
    MAILGUN_BASE_URL: mails,
  });
  const url = `http://127.0.0.1:${await portOf(links, /"port":(\d+)/)}`;
  await using service = run("knative-job-service", {
    ...database.env,
    INTERNAL_JOBS_CALLBACK_PORT: "0",
    INTERNAL_GATEWAY_DEVELOPMENT_MAP: JSON.stringify({ "send-email-link": url }),
  });
  await portOf(service, /callbacks on port (\d+)/);

  const answer = await fetch(api, {
    method: "POST",
    headers: { "Content-Type": "application/json", Host: "private.localhost" },
    body: '{"query": "{ databases { nodes { id name } } }"}',
  });
  expect(await answer.json()).toMatchObject({ data: { databases: { nodes: [{ name: "constructive" }] } } });

  await database.sql.unsafe(`
    SELECT app_jobs.add_job(
      (SELECT id FROM metaschema_public.database ORDER BY created_at LIMIT 1),
      'send-email-link',
      json_build_object(
        'email_type',   'invite_email',
        'email',        'user@example.com',
        'invite_token', 'invite-token-123',
        'sender_id',    (SELECT id FROM roles_public.users ORDER BY created_at LIMIT 1)
      )::json
    );`);
  const said = () => `${service.output()}${links.output()}${mailbox.output()}`;
  const messages = await until("the mail is there", async () => {
    const list: { to: string; text: string }[] = await (await fetch(`${mails}/messages`)).json();
    return list.length > 0 ? list : undefined;
  }).catch((cause: unknown) => {
    throw new Error(`No mail comes:\n${said()}`, { cause });
  });
  expect(messages).toMatchObject([
    { to: "user@example.com", text: expect.stringContaining("invite-token-123") },
  ]);

  const running = [service, links, mailbox, admin];
  for (const each of running) each.kill("SIGTERM");
  expect(await Promise.all(running.map((each) => each.exited))).toEqual([0, 0, 0, 0]);
});

test.each([
  ["constructive-admin-server", "127.0.0.1:3001:"],
  ["send-email-link", "127.0.0.1:8082:"],
  ["knative-job-service", "127.0.0.1:8080:"],
  ["mailbox", "127.0.0.1:8083:"],
  ["simple-email", "127.0.0.1:8081:"],
])("%s is found at %s", (name, port) => {
  expect(serviceNamed(name).ports).toEqual([expect.stringContaining(port)]);
});
