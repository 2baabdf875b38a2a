import { withoutPassword } from "#protocol/without-password";
import { runService } from "../run/run-service.ts";
import { jobServiceSettings } from "./settings.ts";
import { startJobService } from "./start-job-service.ts";

await runService({
  what: "the job service",
  settings: jobServiceSettings,
  start: (settings, log) => {
    const service = startJobService(settings, { log });
    return {
      ready: service.ready.then(
        () =>
          `job service ready, callbacks on port ${service.port}, announced as ${withoutPassword(service.callbackUrl)}`,
      ),
      drain: service.drain,
    };
  },
});
