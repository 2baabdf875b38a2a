import { readSettings } from "../config/read-settings.ts";
import { jobServiceSettings } from "../job-service/settings.ts";
import { type JobService, startJobService } from "../job-service/start-job-service.ts";
import { createLog } from "../log/log.ts";

/** A job service under test, with the events that it logged. */
export type TestJobService = AsyncDisposable & JobService & { readonly events: Record<string, unknown>[] };

/** Gives a job service that is ready, in this process, with a free port and the given settings beside the defaults. */
export async function withJobService(env: Readonly<Record<string, string>>): Promise<TestJobService> {
  const events: Record<string, unknown>[] = [];
  const log = createLog({
    level: "debug",
    format: "json",
    write: (line) => events.push(JSON.parse(line)),
    now: () => new Date(),
  });
  const settings = readSettings("the job service", jobServiceSettings, {
    HOSTNAME: "test-worker",
    INTERNAL_JOBS_CALLBACK_PORT: "0",
    JOBS_DRAIN_SECONDS: "5",
    ...env,
  });
  const service = startJobService(settings, { log });
  await service.ready;
  return { ...service, events, [Symbol.asyncDispose]: () => service.drain(true) };
}
