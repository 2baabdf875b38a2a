import type { BenchDatabase } from "./bench-server.ts";
import { type Program, runProgram } from "./run-program.ts";

/** Which worker to run. */
export type WorkerChoice = {
  readonly database: Pick<BenchDatabase, "url">;
  readonly functionUrl: string;
  /** Requests in flight, JOBS_CONCURRENCY; its default where not given. */
  readonly inFlight?: number | undefined;
  /** The whole job service, as it is deployed, in place of the worker alone. */
  readonly isWhole?: boolean;
  /** Further settings. */
  readonly env?: Readonly<Record<string, string>>;
};

/** Runs the worker of this repository as it is deployed, in a process of its own. */
export function startWorker({
  database,
  functionUrl,
  inFlight,
  isWhole = false,
  env = {},
}: WorkerChoice): Program {
  return runProgram(`services/${isWhole ? "job-service" : "worker"}/main.ts`, {
    DATABASE_URL: database.url,
    KNATIVE_SERVICE_URL: functionUrl,
    JOBS_LOG_LEVEL: "warn",
    INTERNAL_JOBS_CALLBACK_URL: "http://127.0.0.1:1/callback",
    INTERNAL_JOBS_CALLBACK_PORT: "0",
    ...(inFlight === undefined ? {} : { JOBS_CONCURRENCY: String(inFlight) }),
    ...env,
  });
}
