import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { until } from "../../services/testing/until.ts";
import { withDatabase } from "../../services/testing/with-database.ts";
import { withProcess } from "../../services/testing/with-process.ts";
import { findFunctions } from "../start/find-functions.ts";
import { type Folder, runStart, type Stack, withFolder, withStack } from "./with-stack.ts";

const tenant = "00000000-0000-4000-8000-000000000001";

function isListening(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Addresses at which others reach this machine. */
function othersAddresses(): string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.filter(({ family, internal }) => family === "IPv4" && !internal).map(({ address }) => address);
}

async function postgresProcess({ path }: Folder): Promise<number> {
  return Number.parseInt(await readFile(join(path, "postgres/postmaster.pid"), "utf8"), 10);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Runs `bun run jobs` with these words against a stack's database, to its end, and gives the JSON that it prints. */
async function runJobs(stack: Stack, words: readonly string[]): Promise<Record<string, unknown>> {
  const env = { PGPORT: String(stack.ports.get("Postgres")) };
  await using command = withProcess("scripts/jobs.ts", env, [...words, "--json"]);
  expect([await command.exited, command.output()]).toEqual([0, expect.stringMatching(/^\{.*\}\n$/)]);
  return JSON.parse(command.output());
}

test("Ctrl-C ends the stack with 0 and leaves nothing running, though somebody's session is open", async () => {
  await using folder = await withFolder();
  await using stack = await withStack(folder);
  const ports = [...stack.ports.values()];
  const functions = (await findFunctions()).map(({ name }) => name);
  const parts = ["Postgres", "admin GraphQL API", "mailbox", ...functions, "job service"];
  expect([...stack.ports.keys()]).toEqual(parts);
  for (const port of ports) expect(await isListening(port)).toBe(true);
  for (const host of othersAddresses())
    for (const port of ports) expect(await isListening(port, host)).toBe(false);
  const postgres = await postgresProcess(folder);
  expect(isAlive(postgres)).toBe(true);

  await stack.sql`select`;
  stack.kill("SIGINT");
  expect(await stack.exited).toBe(0);
  expect(stack.output()).toEndWith("\nStopping; Ctrl-C again stops at once.\n");
  for (const port of ports) expect(await isListening(port)).toBe(false);
  expect(isAlive(postgres)).toBe(false);
  expect(await Bun.file(join(folder.path, "postgres/postmaster.pid")).exists()).toBe(false);
});

test.each(["Postgres", "migrations", "mailbox"])(
  "Ctrl-C as soon as %s is up ends the start with 0 and leaves nothing running",
  async (part) => {
    await using folder = await withFolder();
    await using start = runStart(folder);
    await until(
      "it is up",
      () => start.output().includes(`✔\x1b[39m ${part}`) || start.output().includes(`✔ ${part}`),
    );
    const postgres = await postgresProcess(folder);
    start.kill("SIGINT");
    expect(await start.exited).toBe(0);
    expect(start.output()).toEndWith("\nStopping; Ctrl-C again stops at once.\n");
    expect(isAlive(postgres)).toBe(false);
  },
);

test.each([
  [
    "JOBS_SCHEMA",
    "Work",
    'JOBS_SCHEMA: expected a lower-case SQL identifier of at most 63 characters (given: "Work")',
  ],
  [
    "INTERNAL_GATEWAY_DEVELOPMENT_MAP",
    "{",
    'INTERNAL_GATEWAY_DEVELOPMENT_MAP: expected a JSON object from task identifier to URL (given: "{")',
  ],
])("a wrong %s ends the start with a message", async (name, value, fault) => {
  await using folder = await withFolder();
  await using start = runStart(folder, { env: { [name]: value } });
  expect(await start.exited).toBe(1);
  expect(start.output()).toEndWith(`: 1 setting is wrong.\n  ${fault}\n`);
});

test.each(["PGHOST", "DATABASE_URL"])(
  "a database that %s leads to is left as it is until its seeding is asked for, and is the stack's then",
  async (variable) => {
    await using database = await withDatabase("empty");
    const { hostname, port, username, password, pathname } = new URL(database.url);
    const name = pathname.slice(1);
    const parts = {
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: username,
      PGPASSWORD: password,
      PGDATABASE: name,
    };
    const set = variable === "PGHOST" ? parts : { DATABASE_URL: database.url };
    await using folder = await withFolder();
    await using start = runStart(folder, { env: set });
    expect(await start.exited).toBe(1);
    expect(start.output()).toStartWith(
      `Cannot start the local stack: ${variable} is set, and leads to the database ${name} at `,
    );
    expect(start.output()).toEndWith(`unset ${variable}, and the stack starts a Postgres of its own.\n`);
    const schemas = () => database.sql<{ name: string }[]>`
      select nspname as name from pg_namespace where nspname ~ '^(app_jobs|metaschema_public|roles_public|services_public)$' order by 1`;
    expect([...(await schemas())]).toEqual([]);

    await using seeded = runStart(folder, { env: set, words: ["--seed"] });
    await until("the stack is ready", () => seeded.output().includes("Ctrl-C stops everything"), 40_000);
    expect((await schemas()).map(({ name }) => name)).toEqual([
      "app_jobs",
      "metaschema_public",
      "roles_public",
      "services_public",
    ]);
  },
  60_000,
);

test("databases of other services that are exported are not worked for", async () => {
  await using other = await withDatabase();
  await other.sql`select app_jobs.add_job(${tenant}, 'simple-email')`;
  await using folder = await withFolder();
  await using stack = await withStack(folder, {
    env: { JOBS_DATABASES: other.url, JOBS_LISTEN_URL: other.url },
  });
  await stack.sql`select app_jobs.add_job(${tenant}, 'simple-email')`;
  await until("its own job is tried", async () => {
    const [row] = await stack.sql`select count(*)::int as left from app_jobs.jobs`;
    return row?.["left"] === 0;
  });
  const [job] = await other.sql`select attempts, locked_at from app_jobs.jobs`;
  expect(job).toEqual({ attempts: 0, locked_at: null });
}, 60_000);

test("a second start over the same folder keeps jobs, schedules and edits, and --fresh empties it", async () => {
  await using folder = await withFolder();
  await using first = await withStack(folder);
  await first.sql`select app_jobs.add_job(${tenant}, 'kept', '{"n": 1}', run_at => now() + interval '1 day')`;
  await first.sql`select app_jobs.add_scheduled_job(${tenant}, 'kept', '{}', '{"rule": "0 3 1 1 *"}')`;
  await first.sql`update services_public.sites set title = 'Mine'`;
  await first.stop();

  await using second = await withStack(folder);
  const [job] = await second.sql`select task_identifier, payload from app_jobs.jobs`;
  expect(job).toEqual({ task_identifier: "kept", payload: { n: 1 } });
  expect(await second.sql`select from app_jobs.scheduled_jobs`).toHaveLength(1);
  const [site] = await second.sql`select title from services_public.sites`;
  expect(site).toEqual({ title: "Mine" });
  expect(second.output()).toContain("were applied before");
  await second.stop();

  await using third = await withStack(folder, { words: ["--fresh"] });
  expect(await third.sql`select from app_jobs.jobs`).toHaveLength(0);
  expect(await third.sql`select from app_jobs.scheduled_jobs`).toHaveLength(0);
});

test.each([
  ["LOCAL_POSTGRES_PORT", "127.0.0.1"],
  ["ADMIN_API_PORT", "127.0.0.1"],
  ["MAILBOX_PORT", "127.0.0.1"],
  ["SEND_EMAIL_LINK_PORT", undefined],
  ["SIMPLE_EMAIL_PORT", undefined],
  ["INTERNAL_JOBS_CALLBACK_PORT", undefined],
])("a taken %s is told in one line, and ends the start with 1", async (variable, hostname) => {
  await using folder = await withFolder();
  using taken = Bun.serve({
    port: 0,
    ...(hostname === undefined ? {} : { hostname }),
    fetch: () => new Response("taken"),
  });
  await using start = runStart(folder, { env: { [variable]: String(taken.port) } });
  expect(await start.exited).toBe(1);
  const lines = Bun.stripANSI(start.output()).trim().split("\n");
  const faults = lines.filter((line) => !line.startsWith("✔"));
  expect(faults).toEqual([lines.at(-1) ?? ""]);
  expect(faults[0]).toStartWith("Cannot start ");
  expect(faults[0]).toContain(`port ${taken.port} is taken. Set ${variable} to another`);
});

test.each([
  { called: "without --fresh", words: [], told: 'Is "bun run start" running already?' },
  { called: "with --fresh", words: ["--fresh"], told: 'Stop the other "bun run start" first.' },
])("a start $called while another runs is told so, and the other keeps its data", async ({ words, told }) => {
  await using folder = await withFolder();
  await using first = await withStack(folder);
  await first.sql`select app_jobs.add_job(${tenant}, 'kept', run_at => now() + interval '1 day')`;
  await using second = runStart(folder, { words });
  expect(await second.exited).toBe(1);
  expect(second.output()).toContain(told);
  expect(await first.sql`select from app_jobs.jobs`).toHaveLength(1);
});

test("each command that the stack prints works as it is printed", async () => {
  await using folder = await withFolder();
  await using stack = await withStack(folder);
  const [, statement = ""] = /psql '[^']+' -c "\n([^"]+)"/.exec(stack.output()) ?? [];
  await stack.sql.unsafe(statement);
  await until("the invitation is in the mailbox", async () =>
    (await stack.messages()).find((mail) => mail.html.includes("invite-token-123")),
  );

  const [, task = "", payload = ""] = /bun run jobs enqueue (\S+) '(.+)'/.exec(stack.output()) ?? [];
  await runJobs(stack, ["enqueue", task, payload]);
  await until("the greeting is in the mailbox", async () =>
    (await stack.messages()).find((mail) => mail.subject === "Hello" && mail.text.includes("It works.")),
  );

  const [, body = ""] = /-d '(.+)'/.exec(stack.output()) ?? [];
  expect(await stack.ask(body)).toMatchObject({
    data: { databases: { nodes: [{ name: "constructive" }] }, users: { nodes: [{ username: "ada" }] } },
  });
});

test("the command line finds the stack's database and sample tenant by itself", async () => {
  await using folder = await withFolder();
  await using stack = await withStack(folder);
  const payload = { to: "later@example.com" };
  const words = ["enqueue", "simple-email", JSON.stringify(payload), "--run-at", "+1d"];
  const { id, databaseId } = await runJobs(stack, words);
  expect(databaseId).toBe(tenant);
  expect(await runJobs(stack, ["list"])).toMatchObject({ id, task: "simple-email", state: "scheduled" });
  expect(await runJobs(stack, ["show", String(id)])).toMatchObject({ id, payload });
});
