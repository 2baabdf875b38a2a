import { afterAll, expect, test } from "bun:test";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { runMigrations } from "graphile-worker";
import { PgBoss } from "pg-boss";
import { createSigner } from "../../functions/protocol/signature.ts";
import { signatures } from "../../functions/protocol/vectors.json" with { type: "json" };
import { until } from "../../services/testing/until.ts";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { runProgram } from "../check/programs.ts";
import { readRepository, root } from "../check/repository-files.ts";
import { type Snippet, snippetsOf } from "../check/snippets.ts";
import { createProgram } from "../jobs/create-program.ts";
import { explainFailure } from "../jobs/explain-failure.ts";
import type { Terminal } from "../jobs/terminal.ts";
import { temporaryFolder } from "../options/temporary-folder.ts";

// The documents' SQL, TypeScript and commands, as they are printed.

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const snippets = snippetsOf(await readRepository());
const blocks = (language: string) => snippets.filter((snippet) => snippet.language === language);
const lineOf = ({ file, index }: Snippet) => `${file.path}:${file.text.slice(0, index).split("\n").length}`;

/** What a page's statements need besides a migrated database. */
const given: Readonly<Record<string, (database: TestDatabase) => Promise<void>>> = {
  "docs/moving/from-graphile-worker.md": async ({ url, sql }) => {
    await runMigrations({ connectionString: url });
    await sql`select graphile_worker.add_job('report', '{"n": 1.0}', 'q', now() + '1 day', 5, 'k', 3)`;
    await sql`select graphile_worker.add_job('report')`;
    await sql`update graphile_worker._private_jobs set locked_at = now(), locked_by = 'w' where key is null`;
  },
  "docs/moving/from-pg-boss.md": async ({ url }) => {
    const boss = new PgBoss(url);
    await boss.start();
    await boss.createQueue("report");
    await boss.send(
      "report",
      { n: 1 },
      { priority: 3, retryLimit: 4, startAfter: 86_400, singletonKey: "k" },
    );
    await boss.schedule("report", "0 3 * * *", { n: 2 }, { tz: "Europe/Berlin" });
    await boss.stop({ graceful: false });
  },
};

test.each(blocks("sql").map((snippet) => [lineOf(snippet), snippet] as const))(
  "the SQL of %s runs as printed",
  async (_, { file, text }) => {
    await using database = await withDatabase();
    await given[file.path]?.(database);
    const role = `reader_${crypto.randomUUID().slice(0, 8)}`;
    if (text.includes("ROLE")) await database.sql.unsafe(`create role ${role}`);
    // One connection: a block may begin and commit.
    const connection = await database.sql.reserve();
    await connection.unsafe(text.replaceAll("ROLE", role)).finally(() => connection.release());
    if (text.includes("ROLE")) await database.sql.unsafe(`drop owned by ${role}; drop role ${role}`);
  },
);

/** Gives the one block of SQL of a page that contains a word. */
function statement(path: string, word: string): string {
  const found = blocks("sql").filter(({ file, text }) => file.path === path && text.includes(word));
  expect(found).toHaveLength(1);
  return found[0]?.text ?? "";
}

test("jobs that wait come over from graphile-worker, and one that runs stays", async () => {
  await using database = await withDatabase();
  const page = "docs/moving/from-graphile-worker.md";
  await given[page]?.(database);
  expect([...(await database.sql.unsafe<{ count: string }[]>(statement(page, "_private_jobs")))]).toEqual([
    { count: "1" },
  ]);
  const jobs = await database.sql`
    select database_id, task_identifier, payload::text, queue_name, key, run_at > now() as later, max_attempts, priority
    from app_jobs.jobs`;
  expect([...jobs]).toEqual([
    {
      database_id: tenant,
      task_identifier: "report",
      payload: '{"n": 1.0}',
      queue_name: "q",
      key: "k",
      later: true,
      max_attempts: 5,
      priority: 3,
    },
  ]);
  expect(await database.sql`select from graphile_worker._private_jobs`).toHaveLength(1);
});

test("jobs and schedules come over from pg-boss", async () => {
  await using database = await withDatabase();
  const page = "docs/moving/from-pg-boss.md";
  await given[page]?.(database);
  expect([...(await database.sql.unsafe<{ count: string }[]>(statement(page, "pgboss.job")))]).toEqual([
    { count: "1" },
  ]);
  const jobs = await database.sql`
    select task_identifier, payload, key, run_at > now() as later, max_attempts, priority from app_jobs.jobs`;
  expect([...jobs]).toEqual([
    { task_identifier: "report", payload: { n: 1 }, key: "k", later: true, max_attempts: 5, priority: -3 },
  ]);
  for (let n = 0; n < 2; n++) await database.sql.unsafe(statement(page, "pgboss.schedule"));
  const schedules = await database.sql`
    select task_identifier, payload, schedule_info, key from app_jobs.scheduled_jobs`;
  expect([...schedules]).toEqual([
    {
      task_identifier: "report",
      payload: { n: 2 },
      schedule_info: { rule: "0 3 * * *", tz: "Europe/Berlin" },
      key: "report",
    },
  ]);
});

/** Lays the blocks of TypeScript out as functions of a repository like this one. */
async function withSources() {
  const folder = await temporaryFolder("jobs-snippets-");
  const functions = join(folder.path, "functions");
  await mkdir(functions);
  await symlink(join(root, "node_modules"), join(folder.path, "node_modules"));
  for (const name of ["kit", "mail", "protocol", "testing"])
    await symlink(join(root, "functions", name), join(functions, name));
  const paths = new Map<string, string>();
  for (const [n, snippet] of blocks("ts").entries()) {
    const path = join(
      functions,
      `snippet-${n}`,
      snippet.text.includes('"bun:test"') ? "index.test.ts" : "index.ts",
    );
    await Bun.write(path, withImports(snippet.text));
    paths.set(lineOf(snippet), path);
  }
  const compilerOptions = { preserveSymlinks: false, noUnusedLocals: false, noUnusedParameters: false };
  const config = {
    extends: join(root, "tsconfig.json"),
    compilerOptions,
    include: ["functions/snippet-*/*.ts"],
  };
  await Bun.write(join(folder.path, "tsconfig.json"), JSON.stringify(config));
  return { folder, paths };
}

/** A block without imports is a piece of a function; these are what its reader has at hand. */
function withImports(text: string): string {
  if (text.includes("import ")) return text;
  return `import * as z from "zod";\nimport { defineJob } from "../kit/define-job.ts";\n${text}`;
}

const sources = await withSources();
afterAll(() => sources.folder[Symbol.asyncDispose]());

test("the documents' TypeScript compiles", async () => {
  const tsc = { name: "types", file: "typescript/lib/tsc.js", args: ["-p", sources.folder.path] };
  expect(await runProgram(tsc)).toBeUndefined();
});

test("the documents' tests pass", async () => {
  const tests = [...sources.paths.values()].filter((path) => path.endsWith(".test.ts"));
  expect(tests).not.toEqual([]);
  const child = Bun.spawn([process.execPath, "test", ...tests], { cwd: sources.folder.path, stderr: "pipe" });
  const output = await new Response(child.stderr).text();
  expect([await child.exited, output]).toEqual([0, expect.stringContaining(" 0 fail")]);
});

test("the function without the kit verifies every vector, and reports by callback what it has done", async () => {
  const [path = ""] = [...sources.paths.values()].filter((one) => one.includes("snippet-"));
  const plain = blocks("ts").find(({ text }) => text.includes("createServer"));
  const source = plain === undefined ? path : (sources.paths.get(lineOf(plain)) ?? path);
  const secret = signatures[0]?.secrets[0] ?? "";
  const reports: unknown[] = [];
  using callback = Bun.serve({
    port: 0,
    fetch: async (request) => {
      reports.push([request.headers.get("X-Job-Id"), new URL(request.url).search, await request.json()]);
      return Response.json({});
    },
  });
  for (const vector of signatures) {
    process.env["JOBS_SIGNING_SECRETS"] = vector.secrets.join(",");
    process.env["PORT"] = "0";
    const loaded = await import(`${source}?${encodeURIComponent(vector.name)}`);
    const headers = new Headers();
    for (const [name, value] of [
      ["webhook-id", vector.id],
      ["webhook-timestamp", vector.timestamp],
      ["webhook-signature", vector.signature],
    ] as const)
      if (value !== "") headers.set(name, value);
    expect([vector.name, loaded.isSigned(headers, vector.body, vector.now * 1000)]).toEqual([
      vector.name,
      vector.fault === null,
    ]);
    loaded.server.close();
  }
  process.env["JOBS_SIGNING_SECRETS"] = secret;
  const { server } = await import(`${source}?serve`);
  delete process.env["JOBS_SIGNING_SECRETS"];
  delete process.env["PORT"];
  await until("it listens", () => server.address() !== null);
  const body = '{"pages": 2}';
  const message = { id: `${tenant}:7`, timestampSeconds: Math.floor(Date.now() / 1000), body };
  const ask = async (headers: Record<string, string>) =>
    fetch(`http://localhost:${server.address().port}/`, {
      method: "POST",
      body,
      headers: {
        ...headers,
        "X-Job-Id": "7",
        "X-Worker-Id": "w",
        "X-Callback-Url": `${callback.url}?token=t`,
      },
    });
  expect((await ask({})).status).toBe(401);
  const answer = await ask(await createSigner([secret])(message));
  expect([answer.status, answer.headers.get("X-Job-Id")]).toEqual([202, "7"]);
  await until("all is reported", () => reports.length === 3);
  expect(reports).toEqual([
    ["7", "?token=t", { status: "running", progress: 0 }],
    ["7", "?token=t", { status: "running", progress: 0.5 }],
    ["7", "?token=t", { status: "success" }],
  ]);
  server.close();
});

/** The words of a command of the command line, as a shell would part them; none for what a reader has to fill in first. */
function wordsOf(line: string): string[][] {
  if (/[|<>…@]|\b[A-Z]{2,}\b(?!-)/.test(line.replaceAll(/'[^']*'/g, "''"))) return [];
  const words = line.replace(/^bun run jobs /, "").match(/'[^']*'|\S+/g) ?? [];
  return [words.map((word) => word.replace(/^'(.*)'$/, "$1"))];
}

test("each command line of the documents is one that bun run jobs takes", async () => {
  await using database = await withDatabase();
  const lines = blocks("bash").flatMap(({ text }) => text.split("\n"));
  const commands = [...new Set(lines.filter((line) => line.startsWith("bun run jobs ")))].flatMap(wordsOf);
  expect(commands.length).toBeGreaterThan(10);
  const terminal: Terminal = {
    env: { DATABASE_URL: database.url, DEFAULT_DATABASE_ID: tenant },
    print: () => {},
    note: () => {},
    readInput: async () => new Uint8Array(),
    width: null,
  };
  const faults: string[] = [];
  for (const words of commands)
    try {
      await createProgram(terminal).parseAsync(words, { from: "user" });
    } catch (error) {
      const { message, exitCode } = explainFailure(error, terminal);
      // 3: there is no such job here.
      if (exitCode !== 3) faults.push(`${words.join(" ")}: ${message}`);
    }
  expect(faults).toEqual([]);
});
