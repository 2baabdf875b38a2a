import { askHealth } from "../../functions/serve/ask-health.ts";
import { runCommand } from "./run-command.ts";

// The program of the job service's image: code, command line and migrations in one, so that they cannot differ.

await runCommand({
  serve: () => import("../../services/job-service/main.ts"),
  worker: () => import("../../services/worker/main.ts"),
  scheduler: () => import("../../services/scheduler/main.ts"),
  callback: () => import("../../services/callback/main.ts"),
  migrate: () => import("../migrate/main.ts"),
  jobs: () => import("../jobs.ts"),
  health,
});

/** Asks the part that runs in this container, `serve` unless another is named, whether it is ready. */
async function health(): Promise<void> {
  const [part = "serve"] = process.argv.slice(2);
  const { INTERNAL_JOBS_CALLBACK_PORT = "12345", JOBS_WORKER_PORT, JOBS_SCHEDULER_PORT } = process.env;
  const ports: Readonly<Record<string, string | undefined>> = {
    worker: JOBS_WORKER_PORT,
    scheduler: JOBS_SCHEDULER_PORT,
  };
  process.exit(await askHealth(Object.hasOwn(ports, part) ? ports[part] : INTERNAL_JOBS_CALLBACK_PORT));
}
