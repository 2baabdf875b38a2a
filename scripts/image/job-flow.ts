import { withGraphql } from "../../functions/testing/graphql-server.ts";
import { fieldOf, withMailgun } from "../../functions/testing/mailgun-server.ts";
import { testDatabaseId } from "../../functions/testing/post-job.ts";
import { until } from "../../services/testing/until.ts";
import { withDatabase } from "../../services/testing/with-database.ts";
import type { TestProcess } from "../../services/testing/with-process.ts";

/** Starts the program of an image. */
export type StartProgram = (name: string, start: ProgramStart) => Promise<TestProcess>;

/** How a program is started. */
export type ProgramStart = {
  readonly words?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A folder of the repository whose templates it uses: where it sees it, JOBS_EMAIL_TEMPLATES says. */
  readonly templates?: string;
};

/** What came of a flow. */
export type JobFlow = {
  /** Subjects of the mails that the functions sent. */
  readonly subjects: readonly string[];
  /** Exit codes of the services, which were told to stop by SIGTERM. */
  readonly exitCodes: readonly number[];
  /** What the second run of the migrations said. */
  readonly migrated: string;
};

const templates = "functions/send-email-link/templates";

/**
 * Lets programs work together as they do in production: migrations twice, then the job service and both functions, one of which compiles
 * a template of its own; a job for each; and a stop.
 *
 * @throws Error with what the programs said, where a step does not come.
 */
export async function runJobFlow(start: StartProgram): Promise<JobFlow> {
  await using database = await withDatabase("empty");
  await using graphql = withGraphql("id", {});
  await using mailgun = withMailgun();
  const mail = {
    PORT: "0",
    MAILGUN_API_KEY: "key-test",
    MAILGUN_DOMAIN: "mg.acme.test",
    MAILGUN_FROM: "no-reply@mg.acme.test",
    MAILGUN_BASE_URL: mailgun.url,
  };
  await finish(await start("job-service", { words: ["migrate"], env: database.env }));
  const migrated = await finish(await start("job-service", { words: ["migrate"], env: database.env }));
  const env = { ...mail, GRAPHQL_URL: graphql.url };
  await using links = await start("send-email-link", { env, templates });
  await using plain = await start("simple-email", { env: mail });
  const urls = { "send-email-link": await urlOf(links), "simple-email": await urlOf(plain) };
  await using service = await start("job-service", {
    words: ["serve"],
    env: {
      ...database.env,
      INTERNAL_JOBS_CALLBACK_PORT: "0",
      INTERNAL_GATEWAY_DEVELOPMENT_MAP: JSON.stringify(urls),
    },
  });
  const port = await portOf(service, /callbacks on port (\d+)/);
  const health = { ...database.env, INTERNAL_JOBS_CALLBACK_PORT: port };
  await finish(await start("job-service", { words: ["health"], env: health }));

  const link = { email_type: "forgot_password", email: "a@b.test", user_id: "u", reset_token: "r" };
  const letter = { to: "a@b.test", subject: "Plain", text: "Hello" };
  await database.sql`select app_jobs.add_job(${testDatabaseId}, 'send-email-link', ${JSON.stringify(link)}::text::json)`;
  await database.sql`select app_jobs.add_job(${testDatabaseId}, 'simple-email', ${JSON.stringify(letter)}::text::json)`;
  const services = [service, links, plain];
  const said = () => services.map((each) => each.output()).join("\n");
  await until("both jobs are done", async () => {
    const [row] = await database.sql`select from app_jobs.jobs`;
    return row === undefined;
  }).catch((cause: unknown) => {
    throw new Error(`The jobs are not done:\n${said()}`, { cause });
  });
  for (const each of services) each.kill("SIGTERM");
  return {
    subjects: mailgun.sent.map((form) => fieldOf(form, "subject")[0] ?? "").sort(),
    exitCodes: await Promise.all(services.map((each) => each.exited)),
    migrated,
  };
}

/** Waits for a program that ends by itself, and gives what it said. */
async function finish(program: TestProcess): Promise<string> {
  await using running = program;
  const code = await running.exited;
  if (code !== 0) throw new Error(`A program ended with ${code}:\n${running.output()}`);
  return running.output();
}

async function urlOf(program: TestProcess): Promise<string> {
  return `http://127.0.0.1:${await portOf(program, /"port":(\d+)/)}`;
}

async function portOf(program: TestProcess, pattern: RegExp): Promise<string> {
  return until("it is ready", () => pattern.exec(program.output())?.[1]).catch((cause: unknown) => {
    throw new Error(`It does not start:\n${program.output()}`, { cause });
  });
}
