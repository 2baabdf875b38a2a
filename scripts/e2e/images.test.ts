import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withCommand } from "../../services/testing/with-process.ts";
import { buildProgram } from "../image/build-program.ts";
import { functionEnvironment } from "../image/function-environment.ts";
import { runJobFlow } from "../image/job-flow.ts";

// The programs that images hold, built as a Dockerfile builds them. `bun run images test` does the same with the images themselves.

const programs = new Map<string, string>();
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "jobs-images-"));
  for (const name of ["job-service", "send-email-link", "simple-email"])
    programs.set(name, await buildProgram(name, join(folder, name)));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function run(name: string, words: readonly string[], env: Readonly<Record<string, string>>) {
  const own = name === "job-service" ? {} : functionEnvironment;
  return withCommand([programs.get(name) ?? "", ...words], { ...own, ...env });
}

test("compiled programs migrate a database and turn jobs into mails between them", async () => {
  const flow = await runJobFlow(async (name, { words = [], env, templates }) =>
    run(name, words, templates === undefined ? env : { ...env, JOBS_EMAIL_TEMPLATES: templates }),
  );
  expect(flow.subjects).toEqual(["Plain", "Reset your Acme password"]);
  expect(flow.exitCodes).toEqual([0, 0, 0]);
  expect(flow.migrated).toContain("migrations were applied before");
});

test("functions are tested with the environment of their image", async () => {
  const dockerfile = await Bun.file(
    join(import.meta.dirname, "../../infra/images/function.Dockerfile"),
  ).text();
  const set = Object.entries(functionEnvironment).map(([name, value]) => `${name}=${value}`);
  expect(dockerfile).toContain(`ENV ${set.join(" ")}\n`);
});

test("asked for its health, a program says that nothing answers, and ends with 1", async () => {
  await using asked = run("send-email-link", ["health"], { PORT: "1" });
  expect(await asked.exited).toBe(1);
  expect(asked.output()).toContain("http://127.0.0.1:1/readyz does not answer");
});

test("a word that names no part is refused with the ones there are", async () => {
  await using refused = run("job-service", ["toString"], {});
  expect(await refused.exited).toBe(2);
  expect(refused.output()).toContain(
    "Use one of: serve, worker, scheduler, callback, migrate, jobs, health.",
  );
});

test("the command line is in the job service's program", async () => {
  await using jobs = run("job-service", ["jobs", "list", "--help"], {});
  expect([await jobs.exited, jobs.output()]).toEqual([0, expect.stringContaining("Usage: jobs list")]);
});

test("a function's settings are read from its environment alone, not from a file beside it", async () => {
  await Bun.write(
    join(folder, "cwd", ".env"),
    "SEND_EMAIL_LINK_DRY_RUN=true\nGRAPHQL_URL=http://127.0.0.1:1\n",
  );
  const child = Bun.spawn([programs.get("send-email-link") ?? ""], {
    cwd: join(folder, "cwd"),
    env: { PORT: "0" },
    stdout: "ignore",
    stderr: "pipe",
  });
  expect(await child.exited).toBe(1);
  expect(await new Response(child.stderr).text()).toContain("GRAPHQL_URL");
});

test("the bill of materials lists what the program holds, with the lock file's hashes", async () => {
  const path = join(folder, "send-email-link", "sbom", "send-email-link.cdx.json");
  const bill: { components: { purl: string; hashes?: { content: string }[] }[] } =
    await Bun.file(path).json();
  const names = bill.components.map(({ purl }) => purl.replace(/@[^@]*$/, ""));
  expect(names).toEqual(
    expect.arrayContaining(["pkg:generic/bun", "pkg:npm/hono", "pkg:npm/mjml-browser", "pkg:npm/zod"]),
  );
  expect(names).not.toContain("pkg:npm/postgres");
  for (const { purl, hashes } of bill.components.slice(1))
    expect([purl, hashes?.[0]?.content]).toEqual([purl, expect.stringMatching(/^[0-9a-f]{128}$/)]);
});

test("a second build gives the same bytes", async () => {
  const again = await buildProgram("simple-email", join(folder, "again"));
  const hashOf = async (path: string) => Bun.hash(await Bun.file(path).bytes());
  expect(await hashOf(again)).toBe(await hashOf(programs.get("simple-email") ?? ""));
});
