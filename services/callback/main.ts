import { runService } from "../run/run-service.ts";
import { callbackSettings } from "./settings.ts";
import { startCallback } from "./start-callback.ts";

await runService({
  what: "the callback server",
  settings: callbackSettings,
  start: (settings, log) => {
    const server = startCallback(settings, { log });
    return {
      ready: server.ready.then(() => `callback server ready on port ${server.port}`),
      drain: server.drain,
    };
  },
});
