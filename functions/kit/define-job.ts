import { Hono } from "hono";
import * as z from "zod";
import { type JobHeaders, readJobHeaders } from "../protocol/headers.ts";
import { withAbsoluteUrl } from "../protocol/with-absolute-url.ts";
import { echoJob, failureAnswer, jsonAnswer } from "./answer.ts";
import { kitSettings } from "./config.ts";
import type { Fetch } from "./fetch.ts";
import { createJobContext, type JobContext, jobDeadline, jobLogFields } from "./job-context.ts";
import { asJobError, JobError } from "./job-error.ts";
import { createLog, type Log, writeToConsole } from "./log.ts";
import { parsePayload, readBody } from "./read-payload.ts";
import { callbackTarget, owesCallback, type ReportTools, reportOutcome } from "./report.ts";
import {
  createSettingsReader,
  type Environment,
  SettingsError,
  type SettingsSchema,
  settingFaults,
} from "./settings.ts";
import { createRequestVerifier } from "./verify-request.ts";

/** What makes a function. */
export type JobDefinition<P, S extends SettingsSchema> = {
  /** Its task identifier; it answers at `POST /` and `POST /NAME`. */
  readonly name: string;
  /** Schema of the payload; a payload that does not fit is refused for good, naming the field. */
  readonly payload: z.ZodType<P>;
  /** Schema of its settings. */
  readonly env: S;
  /** What has to be right before a container takes its first job, such as files; it does not start where this rejects. */
  readonly prepare?: (env: z.infer<S>) => Promise<unknown>;
  /**
   * The work. What it gives becomes the answer's body, beside `complete: true`; it fails by throwing, best a JobError. Once it has given
   * something the job is done, whatever that is: what JSON cannot hold is left out of the answer, with a warning.
   */
  readonly run: (
    payload: P,
    context: JobContext<z.infer<S>>,
  ) => Promise<object | undefined> | object | undefined;
};

/** What the kit uses of the world; the runtime's own by default. */
export type JobTools = {
  readonly fetch?: Fetch;
  readonly sleep?: (ms: number) => Promise<void>;
  readonly write?: (line: string) => void;
};

/** A function, ready to be served by anything that takes a standard fetch handler. */
export type Job = {
  readonly name: string;
  readonly fetch: (request: Request, env: Environment) => Promise<Response>;
  /** Gives a line for each setting that is missing or wrong in `env`. */
  readonly settingFaults: (env: Environment) => readonly string[];
  /** Does what its definition wants done before the first job. Rejects with one line for a person. */
  readonly prepare: (env: Environment) => Promise<void>;
};

const noSettings = z.object({});

/** What makes a function that has no settings. */
type PlainJobDefinition<P> = Omit<JobDefinition<P, typeof noSettings>, "env"> & { readonly env?: undefined };

/**
 * Gives a function that speaks the job protocol (§2 to §4).
 *
 * `POST /` and `POST /NAME` run the job; `GET /healthz` says that it is alive, `GET /readyz` that its settings are right. A job
 * ends in one log line without payload. Where the worker does not read the response, the outcome is reported by callback first.
 *
 * With JOBS_SIGNING_SECRETS set, a request that none of them has signed is refused with 401, and nothing is reported: its callback
 * URL is as doubtful as the rest.
 */
export function defineJob<P, S extends SettingsSchema>(
  definition: JobDefinition<P, S>,
  tools?: JobTools,
): Job;
export function defineJob<P>(definition: PlainJobDefinition<P>, tools?: JobTools): Job;
export function defineJob<P>(
  definition: JobDefinition<P, SettingsSchema> | PlainJobDefinition<P>,
  tools: JobTools = {},
): Job {
  return definition.env === undefined
    ? createJob({ ...definition, env: noSettings }, tools)
    : createJob(definition, tools);
}

function createJob<P, S extends SettingsSchema>(definition: JobDefinition<P, S>, tools: JobTools): Job {
  const log = createLog(tools.write ?? writeToConsole, { function: definition.name });
  const reportTools = { fetch: tools.fetch ?? fetch, sleep: tools.sleep ?? sleep };
  const attempt = createAttempt(definition);
  const faults = (env: Environment) => [
    ...settingFaults(kitSettings, env),
    ...settingFaults(definition.env, env),
  ];

  const app = new Hono<{ Bindings: Environment }>();
  app.get("/healthz", () => jsonAnswer({ status: "ok" }));
  app.get("/readyz", ({ env }) => {
    const wrong = faults(env);
    return wrong.length === 0
      ? jsonAnswer({ status: "ready" })
      : jsonAnswer({ status: "not ready", faults: wrong }, 503);
  });
  app.post("*", async ({ req, env }) => {
    const job = readJobHeaders(req.raw.headers);
    const jobLog = log.with(jobLogFields(job));
    const startedAt = performance.now();
    const ended = await attempt(req.raw, job, { env, log: jobLog });
    logEnd(jobLog, ended, startedAt);
    return answer(ended, job, { ...reportTools, log: jobLog });
  });
  app.all("/", () => jsonAnswer({ error: "A job is a POST request" }, 405, { Allow: "POST" }));
  app.all(`/${definition.name}`, () =>
    jsonAnswer({ error: "A job is a POST request" }, 405, { Allow: "POST" }),
  );
  app.notFound(({ req }) => jsonAnswer({ error: `There is nothing at ${req.method} ${req.path}` }, 404));

  return {
    name: definition.name,
    fetch: async (request, env) => echoJob(await app.fetch(withAbsoluteUrl(request), env), request),
    settingFaults: faults,
    prepare: async (env) => {
      await definition.prepare?.(createSettingsReader(definition.env)(env));
    },
  };
}

type Ended = { readonly body: string } | { readonly failure: JobError; readonly isTrusted: boolean };
type AttemptTools = { readonly env: Environment; readonly log: Log };
type Attempt = (request: Request, job: JobHeaders, tools: AttemptTools) => Promise<Ended>;

/** Gives a function that runs one attempt and never rejects. */
function createAttempt<P, S extends SettingsSchema>(definition: JobDefinition<P, S>): Attempt {
  const settingsOf = createSettingsReader(definition.env);
  const kitSettingsOf = createSettingsReader(kitSettings);
  const verify = createRequestVerifier();
  return async (request, job, { env, log }) => {
    const { signal, clear } = jobDeadline(request.signal, job);
    let isTrusted = false;
    try {
      requireCallbackUrl(job);
      const { JOBS_SIGNING_SECRETS: secrets } = kitSettingsOf(env);
      isTrusted = secrets.length === 0;
      const context = createJobContext(job, { env: settingsOf(env), log, signal });
      const body = await readBody(request);
      if (!isTrusted) await verify({ headers: request.headers, job, body }, secrets);
      isTrusted = true;
      requireName(request, definition.name);
      const result = await definition.run(parsePayload(body, definition.payload), context);
      return { body: bodyOf(result, log) };
    } catch (thrown) {
      return { failure: failureOf(thrown, signal), isTrusted };
    } finally {
      clear();
    }
  };
}

/**
 * Gives the body of a finished job. Never throws: the work is done, and a failure would have it done again. A result that JSON cannot
 * hold (a bigint, a circle, a getter that throws) is left out, and both the answer and a log line say so.
 */
function bodyOf(result: object | undefined, log: Log): string {
  try {
    return JSON.stringify({ ...result, complete: true });
  } catch (thrown) {
    const { message: reason } = asJobError(thrown);
    log.warn("result left out", { reason });
    return JSON.stringify({ warning: `The result cannot be written as JSON: ${reason}`, complete: true });
  }
}

/** Before the work: done work that cannot be reported would be done again. */
function requireCallbackUrl(job: JobHeaders): void {
  if (!owesCallback(job) || callbackTarget(job.callbackUrl ?? "") !== undefined) return;
  throw new JobError("X-Callback-Url is no http URL, so that the outcome could not be reported", {
    status: 400,
  });
}

function requireName(request: Request, name: string): void {
  const path = new URL(request.url).pathname.replace(/\/+$/, "");
  if (path === "" || path === `/${name}` || path === `/${encodeURIComponent(name)}`) return;
  throw new JobError(`This is ${name}; there is no function at ${path}`, { status: 404 });
}

function failureOf(thrown: unknown, signal: AbortSignal): JobError {
  if (thrown instanceof JobError) return thrown;
  if (thrown instanceof SettingsError)
    return new JobError(`The function is not set up: ${thrown.message}`, { cause: thrown });
  if (signal.aborted) {
    const isLate = signal.reason instanceof DOMException && signal.reason.name === "TimeoutError";
    const why = isLate ? "The worker's deadline passed" : "The worker gave the request up";
    return new JobError(`${why} before the job was done`, { cause: thrown });
  }
  return asJobError(thrown);
}

function logEnd(log: Log, ended: Ended, startedAt: number): void {
  const ms = Math.round(performance.now() - startedAt);
  if ("body" in ended) return log.info("job completed", { ms });
  const { status, retry } = ended.failure;
  log.error("job failed", { ms, status, final: !retry });
}

async function answer(ended: Ended, job: JobHeaders, tools: ReportTools & { log: Log }): Promise<Response> {
  const failure = "failure" in ended ? ended.failure : null;
  const isTrusted = !("failure" in ended) || ended.isTrusted;
  if (isTrusted && owesCallback(job)) {
    const fault = await reportOutcome(job, failure, tools);
    if (fault !== undefined) {
      tools.log.error("outcome not reported", { reason: fault });
      const ending = failure === null ? "The job is done" : `The job failed (${failure.message})`;
      return failureAnswer(new JobError(`${ending}, but this could not be reported: ${fault}`));
    }
  }
  if ("failure" in ended) return failureAnswer(ended.failure);
  return new Response(ended.body, { headers: { "Content-Type": "application/json" } });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
