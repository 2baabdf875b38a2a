import { callbackUrlOf } from "../config/callback-settings.ts";
import { createHealthApp } from "../health/create-health-app.ts";
import { serve } from "../http/serve.ts";
import { runService } from "../run/run-service.ts";
import { workerSettings } from "./settings.ts";
import { startWorker } from "./start-worker.ts";

await runService({
  what: "the worker",
  settings: workerSettings,
  start: (settings, log) => {
    const worker = startWorker({ ...settings, callbackUrl: callbackUrlOf(settings) }, { log });
    const server = serve(
      createHealthApp(() => worker.checks),
      {
        port: settings.JOBS_WORKER_PORT,
        variable: "JOBS_WORKER_PORT",
        what: "the worker",
      },
    );
    return {
      ready: worker.ready.then(() => `worker ready, health on port ${server.port}`),
      drain: async (now) => {
        await worker.drain(now);
        await server.stop(true);
      },
    };
  },
});
