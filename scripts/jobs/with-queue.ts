import { join } from "node:path";
import { withDatabase } from "../../services/testing/with-database.ts";

/** Tenant of what the command line adds in tests. */
export const tenant = "00000000-0000-0000-0000-000000000001";
const command = join(import.meta.dir, "..", "jobs.ts");

type Call = { readonly env?: Record<string, string>; readonly input?: string };

/** Runs the command line as a person does. */
export async function run(args: readonly string[], { env = {}, input = "" }: Call = {}) {
  const child = Bun.spawn(["bun", command, ...args], {
    env: { PATH: Bun.env["PATH"] ?? "", TZ: "Europe/Berlin", ...env },
    stdin: new Blob([input]),
    stdout: "pipe",
    stderr: "pipe",
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exit: await child.exited, out: out.trimEnd(), err: err.trimEnd() };
}

/** A migrated database, and the command line pointed at it. */
export async function withQueue() {
  const database = await withDatabase();
  const env = { ...database.env, DEFAULT_DATABASE_ID: tenant };
  return {
    sql: database.sql,
    env: database.env,
    jobs: (args: readonly string[], input?: string) => run(args, { env, ...(input && { input }) }),
    [Symbol.asyncDispose]: database[Symbol.asyncDispose],
  };
}
