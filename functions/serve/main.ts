import type { Job } from "../kit/define-job.ts";
import { createLog, writeToConsole } from "../kit/log.ts";
import { createSettingsReader, settingFaults, settingsMessage } from "../kit/settings.ts";
import { askHealth } from "./ask-health.ts";
import { functionServerSettings } from "./config.ts";

/**
 * Serves a function under Bun on PORT until SIGTERM or SIGINT, then lets what runs finish. A wrong start is told in one message, exit code
 * 1. Started with the word `health` it asks the one that runs on PORT instead, and exits by its answer.
 */
export async function serveJob(job: Job): Promise<void> {
  if (process.argv[2] === "health") process.exit(await askHealth(process.env["PORT"] || "8080"));
  const faults = [...job.settingFaults(process.env), ...settingFaults(functionServerSettings, process.env)];
  if (faults.length > 0) return fail(`Cannot start ${job.name}: ${settingsMessage(faults)}`);

  try {
    await job.prepare(process.env);
  } catch (fault) {
    return fail(`Cannot start ${job.name}: ${fault instanceof Error ? fault.message : String(fault)}`);
  }

  const log = createLog(writeToConsole, { function: job.name });
  const server = listen(job, createSettingsReader(functionServerSettings)(process.env).PORT);
  if (server === undefined) return;
  const stop = (signal: string) => {
    log.info("stopping", { signal });
    void server.stop().then(() => process.exit(0));
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
  log.info("ready", { port: server.port, url: `http://127.0.0.1:${server.port}` });
}

function listen(job: Job, port: number): Bun.Server<undefined> | undefined {
  try {
    // No idle timeout: a job may work for minutes without sending a byte, and the worker's deadline bounds it.
    return Bun.serve({ port, idleTimeout: 0, fetch: (request) => job.fetch(request, process.env) });
  } catch (error) {
    const taken = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const why = taken
      ? "is taken"
      : `cannot be used (${error instanceof Error ? error.message : String(error)})`;
    fail(`Cannot start ${job.name}: port ${port} ${why}. Set PORT to another, or stop what listens there.`);
    return undefined;
  }
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
