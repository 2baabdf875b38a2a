import { join } from "node:path";
import type { Sql } from "../../db/client/connect.ts";
import { until } from "./until.ts";

/** Folder of the published packages, with a lock file of their own. */
const folder = join(import.meta.dirname, "../../functions/runtime-tests/published-service");
const node = Bun.which("node");

/** Installs the published packages; false, and a line that says so, where that cannot be, as without Node or a network. */
export async function installPublishedService(): Promise<boolean> {
  const isInstalled = node !== null && (await install());
  if (!isInstalled)
    process.stderr.write("Left out: tests with the published service, which cannot be installed here.\n");
  return isInstalled;
}

async function install(): Promise<boolean> {
  const child = Bun.spawn([process.execPath, "install", "--frozen-lockfile", "--ignore-scripts"], {
    cwd: folder,
    stdout: "ignore",
    stderr: "ignore",
  });
  return (await child.exited) === 0;
}

/** Creates the role that the original grants to, where the server has it not. */
export async function createAdministrator(sql: Sql): Promise<void> {
  await sql.unsafe(`
    do $$
    begin
      create role administrator;
    exception when duplicate_object or unique_violation then
    end;
    $$`);
}

/** Deploys the tables and functions of `@pgpm/database-jobs` into a database, by the files of its plan in their order. */
export async function deployOriginal(sql: Sql): Promise<void> {
  const original = join(folder, "node_modules/@pgpm/database-jobs");
  await createAdministrator(sql);
  // The original's extension pgcrypto had this function, which Postgres itself has since 13.
  await sql.unsafe(`
    create function public.gen_random_uuid() returns uuid
    language internal parallel safe strict as 'gen_random_uuid'`);
  const plan = await Bun.file(join(original, "pgpm.plan")).text();
  for (const [, change] of plan.matchAll(/^(schemas\/\S+) /gm)) {
    const text = await Bun.file(join(original, "deploy", `${change}.sql`)).text();
    await sql.unsafe(text.replaceAll(/^(BEGIN|COMMIT);$/gm, ""));
  }
}

/** How a published service under test is set up. */
export type PublishedServiceOptions = {
  readonly functionUrl: string;
  /** HOSTNAME, its worker's id ("published-1"). */
  readonly name?: string;
};

/** The published worker, callback server and scheduler, as one process. */
export type PublishedService = AsyncDisposable & {
  /** Ends it at once, without a chance to give anything back. */
  readonly kill: () => Promise<void>;
};

/** Runs the published worker, callback server and scheduler against a database, until they are ready. */
export async function withPublishedService(
  { url }: { readonly url: string },
  { functionUrl, name = "published-1" }: PublishedServiceOptions,
): Promise<PublishedService> {
  const { username, password, hostname, port, pathname } = new URL(url);
  const callbackPort = String(freePort());
  const program = join(folder, "node_modules/@constructive-io/knative-job-service/run.js");
  const child = Bun.spawn([node ?? "node", program], {
    cwd: folder,
    env: {
      PATH: process.env["PATH"] ?? "",
      PGUSER: username,
      PGPASSWORD: password,
      PGHOST: hostname,
      PGPORT: port,
      PGDATABASE: pathname.slice(1),
      JOBS_SUPPORT_ANY: "true",
      HOSTNAME: name,
      INTERNAL_JOBS_CALLBACK_PORT: callbackPort,
      INTERNAL_JOBS_CALLBACK_URL: `http://127.0.0.1:${callbackPort}`,
      KNATIVE_SERVICE_URL: functionUrl,
      INTERNAL_GATEWAY_URL: functionUrl,
    },
    stdout: "ignore",
    stderr: "ignore",
  });
  const kill = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  await until("the published callback server listens", () =>
    fetch(`http://127.0.0.1:${callbackPort}/`, { method: "POST", body: "{}" }).then(
      ({ status }) => status > 0,
      () => false,
    ),
  );
  return { kill, [Symbol.asyncDispose]: kill };
}

function freePort(): number {
  using server = Bun.serve({ port: 0, fetch: () => new Response() });
  return server.port ?? 0;
}
