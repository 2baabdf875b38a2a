import { expect, test } from "bun:test";
import { join } from "node:path";
import { until } from "../../services/testing/until.ts";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { runtimes } from "./start-runtime.ts";
import { withBackEnd } from "./with-back-end.ts";

// Our functions run unchanged under the published service: its worker sends no X-Job-Completion and waits for a callback.

const folder = join(import.meta.dirname, "published-service");
const node = Bun.which("node");
const isInstalled = node !== null && (await install());
const [bun] = runtimes;
const databaseId = "00000000-0000-4000-8000-000000000001";

/** Installs the published packages by their own lock file; false where that cannot be, as without a network. */
async function install(): Promise<boolean> {
  const child = Bun.spawn([process.execPath, "install", "--frozen-lockfile", "--ignore-scripts"], {
    cwd: folder,
    stdout: "ignore",
    stderr: "ignore",
  });
  return (await child.exited) === 0;
}

function freePort(): number {
  using server = Bun.serve({ port: 0, fetch: () => new Response() });
  return server.port ?? 0;
}

/** Runs the published worker, callback server and scheduler against a database, until they are ready. */
async function withPublishedService({ url }: TestDatabase, functionUrl: string) {
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
      HOSTNAME: "published-1",
      INTERNAL_JOBS_CALLBACK_PORT: callbackPort,
      INTERNAL_JOBS_CALLBACK_URL: `http://127.0.0.1:${callbackPort}`,
      KNATIVE_SERVICE_URL: functionUrl,
      INTERNAL_GATEWAY_URL: functionUrl,
    },
    stdout: "ignore",
    stderr: "ignore",
  });
  await until("the published callback server listens", () =>
    fetch(`http://127.0.0.1:${callbackPort}/`, { method: "POST", body: "{}" }).then(
      ({ status }) => status > 0,
      () => false,
    ),
  );
  return {
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}

test.skipIf(!isInstalled)(
  "send-email-link under the published service completes, and fails with its reason",
  async () => {
    if (bun === undefined) throw new Error("Bun is a runtime.");
    await using database = await withDatabase();
    await using backEnd = await withBackEnd();
    await using started = await bun.start(backEnd.settings);
    await using _service = await withPublishedService(database, started.url);

    const reset = { email_type: "forgot_password", email: "a@b.test", user_id: "u", reset_token: "s3cret-1" };
    for (const payload of [reset, { ...reset, reset_token: null }])
      await database.sql`select app_jobs.add_job(${databaseId}, 'send-email-link', ${JSON.stringify(payload)}::text::json)`;

    const failed = await until("one job is done and the other has failed", async () => {
      const jobs = await database.sql<
        { last_error: string | null }[]
      >`select last_error from app_jobs.jobs where locked_by is null`;
      return jobs.length === 1 && jobs[0]?.last_error !== null ? jobs[0] : undefined;
    });
    expect(failed).toEqual({ last_error: "Missing required field: reset_token" });
    const mails = await backEnd.takeMails();
    expect(mails.map(({ subject }) => subject)).toEqual(["Reset your Acme Notes password"]);
    expect(started.output()).not.toContain("s3cret-1");
  },
  60_000,
);
