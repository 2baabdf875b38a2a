import type { z } from "zod";
import { startCallback } from "../callback/start-callback.ts";
import { callbackUrlOf } from "../config/callback-settings.ts";
import type { Log } from "../log/log.ts";
import { startScheduler } from "../scheduler/start-scheduler.ts";
import { startWorker } from "../worker/start-worker.ts";
import type { jobServiceSettings } from "./settings.ts";

/** The settings of a job service, parsed. */
export type JobServiceSettings = Omit<
  z.infer<typeof jobServiceSettings>,
  "JOBS_LOG_LEVEL" | "JOBS_LOG_FORMAT"
>;

/** Callback server, worker and scheduler in one process. */
export type JobService = {
  /** Port of the callback server and of the health routes. */
  readonly port: number;
  /** What functions get as X-Callback-Url, without the token. */
  readonly callbackUrl: string;
  /** Resolves when all three are ready; rejects with a StartError when one never will be. */
  readonly ready: Promise<void>;
  /**
   * Stops claiming and ticking, lets requests in flight finish for JOBS_DRAIN_SECONDS, gives the rest back, and resolves.
   * The callback server goes last: what is in flight may need it. With `true` no request is waited for.
   */
  readonly drain: (now?: boolean) => Promise<void>;
};

/**
 * Starts the job service.
 *
 * @throws StartError when the callback server's port cannot be used.
 */
export function startJobService(settings: JobServiceSettings, { log }: { readonly log: Log }): JobService {
  // First of the three: a taken port ends the start while nothing else runs yet.
  const callback = startCallback(settings, {
    log: log.with({ part: "callback" }),
    checks: () => [...worker.checks, ...scheduler.checks],
  });
  const scheduler = startScheduler(settings, { log: log.with({ part: "scheduler" }) });
  const callbackUrl = callbackUrlOf({ ...settings, INTERNAL_JOBS_CALLBACK_PORT: callback.port });
  const worker = startWorker({ ...settings, callbackUrl }, { log: log.with({ part: "worker" }) });
  const ready = Promise.all([callback.ready, worker.ready, scheduler.ready]).then(() => undefined);
  ready.catch(() => undefined);

  return {
    port: callback.port,
    callbackUrl,
    ready,
    drain: async (now = false) => {
      await Promise.all([worker.drain(now), scheduler.drain(now)]);
      await callback.drain(now);
    },
  };
}
