import type { DatabaseSettings } from "../../db/client/connect.ts";
import { readSettings } from "../../services/config/read-settings.ts";
import { jobServiceSettings } from "../../services/job-service/settings.ts";
import { startJobService } from "../../services/job-service/start-job-service.ts";
import type { StackOptions } from "./start-stack.ts";

/**
 * Starts the job service against the stack's database and functions, and resolves when it is ready.
 *
 * A task of another name goes to KNATIVE_SERVICE_URL, where that is set.
 */
export async function startJobs(
  { settings, env, log, onUp, onStop }: StackOptions,
  database: DatabaseSettings,
  urls: Readonly<Record<string, string>>,
): Promise<void> {
  const parsed = readSettings("the job service", jobServiceSettings, {
    ...env,
    // What is exported may lead to other databases; the stack works for its own.
    JOBS_DATABASES: undefined,
    JOBS_LISTEN_URL: undefined,
    ...callbackAddress(env),
    INTERNAL_JOBS_CALLBACK_PORT: String(settings.INTERNAL_JOBS_CALLBACK_PORT),
    // Its own functions are enough where nothing says where others are.
    INTERNAL_GATEWAY_DEVELOPMENT_MAP: env["INTERNAL_GATEWAY_DEVELOPMENT_MAP"] || JSON.stringify(urls),
  });
  const service = startJobService(
    {
      ...parsed,
      ...database,
      DATABASE_URL: database.DATABASE_URL,
      INTERNAL_GATEWAY_DEVELOPMENT_MAP: { ...urls, ...parsed.INTERNAL_GATEWAY_DEVELOPMENT_MAP },
    },
    { log },
  );
  onStop(service.drain);
  await service.ready;
  onUp("job service", `http://localhost:${service.port}`);
}

/** The callback server is for the functions of this machine, unless a setting says where others reach it. */
function callbackAddress(env: StackOptions["env"]): Readonly<Record<string, string>> {
  const names = ["JOBS_CALLBACK_BIND", "JOBS_CALLBACK_HOST", "INTERNAL_JOBS_CALLBACK_URL"];
  return names.some((name) => env[name])
    ? {}
    : { JOBS_CALLBACK_BIND: "127.0.0.1", JOBS_CALLBACK_HOST: "127.0.0.1" };
}
