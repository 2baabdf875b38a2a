import { runService } from "../run/run-service.ts";
import { adminApiSettings } from "./settings.ts";
import { startAdminApi } from "./start-admin-api.ts";

await runService({
  what: "the admin API",
  settings: adminApiSettings,
  start: (settings) => {
    const started = startAdminApi(settings);
    return {
      ready: started.then(
        (server) => `admin API ready on http://${settings.ADMIN_API_HOST}:${server.port}/graphql`,
      ),
      drain: async () => (await started).stop(true),
    };
  },
});
