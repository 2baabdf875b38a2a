import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate } from "selfsigned";
import { runtimes } from "../../functions/runtime-tests/start-runtime.ts";
import { withMailgun } from "../../functions/testing/mailgun-server.ts";
import { until } from "../../services/testing/until.ts";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import { withProcess } from "../../services/testing/with-process.ts";

// The worker on one side, the function in workerd on the other, and between them what is between them on the internet: https, whose
// certificate the worker checks, and signatures, which the function checks.

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const workerd = runtimes.find(({ name }) => name === "workerd");

test.skipIf(workerd?.program === undefined)(
  "an edge worker sends the mail of a signed job over https, and refuses what is not signed",
  async () => {
    await using site = await withEdge();
    await using database = await withDatabase();
    await using _service = startService(database, { ...site.env, JOBS_SIGNING_SECRETS: secret });
    await addMail(database);
    await until("the mail is sent", () => site.mailgun.sent[0]);
    await until("the job is complete", async () => (await jobsOf(database)).length === 0);

    const forged = await fetch(site.env.KNATIVE_SERVICE_URL, {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Job-Id": "7", "X-Database-Id": tenant },
      body: mail,
      tls: { ca: site.certificate },
    });
    expect(forged.status).toBe(401);
    expect(site.mailgun.sent).toHaveLength(1);
  },
);

test.skipIf(workerd?.program === undefined)(
  "a worker sends no job to an edge worker whose certificate it cannot trust, and uses up no attempt",
  async () => {
    await using site = await withEdge();
    await using database = await withDatabase();
    const { NODE_EXTRA_CA_CERTS: _, ...env } = site.env;
    await using _service = startService(database, { ...env, JOBS_SIGNING_SECRETS: secret });
    await addMail(database);
    const [job] = await until("the job has not been delivered", async () => {
      const jobs = await jobsOf(database);
      return jobs[0]?.last_error ? jobs : undefined;
    });
    expect(job).toEqual({ attempts: 0, last_error: expect.stringMatching(/certificate/i) });
    expect(site.mailgun.sent).toEqual([]);
  },
);

test.skipIf(workerd?.program === undefined)(
  "an edge worker refuses what another secret has signed, and the job says so",
  async () => {
    await using site = await withEdge();
    await using database = await withDatabase();
    await using _service = startService(database, {
      ...site.env,
      JOBS_SIGNING_SECRETS: `whsec_${btoa("y".repeat(32))}`,
    });
    await addMail(database);
    const [job] = await until("the job has failed", async () => {
      const jobs = await jobsOf(database);
      return jobs[0]?.last_error ? jobs : undefined;
    });
    expect(job).toEqual({ attempts: 1, last_error: expect.stringMatching(/has signed the request/) });
    expect(site.mailgun.sent).toEqual([]);
  },
);

const mail = JSON.stringify({ to: "ada@example.com", subject: "Hello", text: "From the edge" });

const addMail = ({ sql }: TestDatabase) =>
  sql`select app_jobs.add_job(${tenant}, 'simple-email', ${mail}::text::json)`;

const jobsOf = ({ sql }: TestDatabase) =>
  sql<{ attempts: number; last_error: string | null }[]>`select attempts, last_error from app_jobs.jobs`;

const startService = (database: TestDatabase, env: Readonly<Record<string, string>>) =>
  withProcess("services/job-service/main.ts", {
    ...database.env,
    INTERNAL_JOBS_CALLBACK_PORT: "0",
    HOSTNAME: "worker-outside",
    ...env,
  });

/** Gives simple-email in workerd behind https, the mail server that it uses, and what a worker has to know of it. */
async function withEdge() {
  const localhost = [{ type: 2, value: "localhost" } as const];
  const certificate = await generate([{ name: "commonName", value: "localhost" }], {
    extensions: [{ name: "subjectAltName", altNames: localhost }],
  });
  const folder = await mkdtemp(join(tmpdir(), "edge-"));
  const file = join(folder, "ca.pem");
  await Bun.write(file, certificate.cert);
  const mailgun = withMailgun();
  const settings = {
    MAILGUN_API_KEY: "key-test",
    MAILGUN_DOMAIN: "mg.example.com",
    MAILGUN_FROM: "no-reply@mg.example.com",
    MAILGUN_BASE_URL: mailgun.url,
    JOBS_SIGNING_SECRETS: secret,
  };
  const edge = await workerd?.start(settings, "simple-email", certificate);
  return {
    mailgun,
    certificate: certificate.cert,
    env: { KNATIVE_SERVICE_URL: edge?.url ?? "", NODE_EXTRA_CA_CERTS: file },
    [Symbol.asyncDispose]: async () => {
      await edge?.[Symbol.asyncDispose]();
      await mailgun[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}
