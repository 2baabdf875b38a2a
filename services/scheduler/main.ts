import { createHealthApp } from "../health/create-health-app.ts";
import { serve } from "../http/serve.ts";
import { runService } from "../run/run-service.ts";
import { schedulerSettings } from "./settings.ts";
import { startScheduler } from "./start-scheduler.ts";

await runService({
  what: "the scheduler",
  settings: schedulerSettings,
  start: (settings, log) => {
    const scheduler = startScheduler(settings, { log });
    const server = serve(
      createHealthApp(() => scheduler.checks),
      {
        port: settings.JOBS_SCHEDULER_PORT,
        variable: "JOBS_SCHEDULER_PORT",
        what: "the scheduler",
      },
    );
    return {
      ready: scheduler.ready.then(() => `scheduler ready, health on port ${server.port}`),
      drain: async (now) => {
        await scheduler.drain(now);
        await server.stop(true);
      },
    };
  },
});
