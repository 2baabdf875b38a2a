import { join } from "node:path";
import type { BenchDatabase } from "../host/bench-server.ts";
import { runCommand } from "../host/run-program.ts";
import { node } from "../host/run-under-node.ts";
import type { Queue } from "./queue.ts";

const folder = join(import.meta.dirname, "../../../functions/runtime-tests/published-service");
const packages = join(folder, "node_modules");
const tenant = "00000000-0000-4000-8000-000000000001";

/** Installs the published packages by their own lock file; false where that cannot be, as without a network. */
export async function installPublishedService(): Promise<boolean> {
  const child = Bun.spawn([process.execPath, "install", "--frozen-lockfile", "--ignore-scripts"], {
    cwd: folder,
    stdout: "ignore",
    stderr: "ignore",
  });
  return (await child.exited) === 0;
}

/**
 * `@constructive-io/knative-job-service` on the tables of `@pgpm/database-jobs`: worker, scheduler and callback server in one
 * process, as it is deployed, without its log. One request in flight is all that it can.
 */
export const publishedService: Queue = {
  name: "the published service (Node)",
  mostInFlight: 1,
  isCalledBack: true,
  prepare: deploySchema,
  addOne: (payload) => ({
    text: "select (app_jobs.add_job($1::uuid, 'mail', $2::text::json)).id",
    values: [tenant, payload],
  }),
  // It has no function for many; this is add_job in a loop within one statement.
  addMany: (payloads) => ({
    text: `
      select count(app_jobs.add_job($1::uuid, 'mail', payload))
      from json_array_elements($2::text::json) as payload`,
    values: [tenant, `[${payloads.join(",")}]`],
  }),
  startWorker: ({ database, functionUrl }) => {
    const { username, password, hostname, port, pathname } = new URL(database.url);
    const callbackPort = String(freePort());
    const program = runCommand(
      [node ?? "node", join(packages, "@constructive-io/knative-job-service/run.js")],
      {
        PGUSER: username,
        PGPASSWORD: password,
        PGHOST: hostname,
        PGPORT: port,
        PGDATABASE: pathname.slice(1),
        LOG_LEVEL: "error",
        JOBS_SUPPORT_ANY: "true",
        HOSTNAME: "published-1",
        INTERNAL_JOBS_CALLBACK_PORT: callbackPort,
        INTERNAL_JOBS_CALLBACK_URL: `http://127.0.0.1:${callbackPort}`,
        KNATIVE_SERVICE_URL: functionUrl,
        INTERNAL_GATEWAY_URL: functionUrl,
      },
    );
    const end = async () => {
      // It stays at SIGTERM.
      program.kill();
      await program[Symbol.asyncDispose]();
    };
    return { ...program, [Symbol.asyncDispose]: end };
  },
  unfinished: "select from app_jobs.jobs limit 1",
};

/** Puts the original's tables and functions, as published in one file, where ours were. */
async function deploySchema({ sql }: BenchDatabase): Promise<void> {
  const file = Bun.file(join(packages, "@pgpm/database-jobs/sql/pgpm-database-jobs--0.15.3.sql"));
  const text = (await file.text()).replace(/^\\echo .*$/m, "");
  await sql.unsafe("drop schema app_jobs cascade");
  await sql.unsafe(`
    do $$
    begin
      if to_regrole('administrator') is null then create role administrator; end if;
    end;
    $$`);
  // A column's default that no insert of ours falls back to names pgcrypto's function; Postgres has its own since 13.
  await sql.unsafe(`
    create function public.gen_random_uuid() returns uuid
    language internal parallel safe strict as 'gen_random_uuid'`);
  await sql.unsafe(text);
}

function freePort(): number {
  using server = Bun.serve({ port: 0, fetch: () => new Response() });
  return server.port ?? 0;
}
