import type { z } from "zod";
import { ConfigError, readSettings } from "../config/read-settings.ts";
import { leftOutLines } from "../database/describe-database.ts";
import { StartError } from "../http/serve.ts";
import { createLog, type Level, type Log } from "../log/log.ts";

/** A service as its process sees it. */
export type RunningService = {
  /** Resolves when it is ready, with the line to print; rejects with a StartError when it never will be. */
  readonly ready: Promise<string>;
  /** Stops it in order; with `true`, also when called again, it waits for nothing that can be given back. */
  readonly drain: (now?: boolean) => Promise<void>;
};

/** What a process runs. */
export type ServiceDefinition<Settings> = {
  /** The part as a person calls it, such as "the worker". */
  readonly what: string;
  readonly settings: z.ZodObject<Record<string, z.ZodType>> & z.ZodType<Settings>;
  readonly start: (settings: Settings, log: Log) => RunningService;
};

type CommonSettings = Parameters<typeof leftOutLines>[0] & {
  readonly JOBS_LOG_LEVEL: Level | "silent";
  readonly JOBS_LOG_FORMAT: "auto" | "json" | "text";
};

/**
 * Runs one service as this process, until SIGTERM or SIGINT, and exits.
 *
 * The first signal drains, a second one stops at once. Faults of settings, ports and database print their message and
 * exit with 1. This is the only module besides a main.ts that touches the process.
 */
export async function runService<Settings extends CommonSettings>(
  definition: ServiceDefinition<Settings>,
): Promise<void> {
  try {
    const settings: Settings = readSettings(definition.what, definition.settings, process.env);
    const log = createLog({
      level: settings.JOBS_LOG_LEVEL,
      format: formatOf(settings.JOBS_LOG_FORMAT),
      write: writeLine,
      now: () => new Date(),
    });
    for (const line of leftOutLines(settings)) log.warn(line);
    const service = definition.start(settings, log);
    const { stopped, isStopping } = drainOnSignal(service, log);
    // A signal may come before it is ready.
    const line = await Promise.race([service.ready, stopped]);
    if (line !== undefined && !isStopping()) log.info(line);
    await stopped;
    process.exit(0);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}

/** A log that nobody reads any more stops no job: Bun throws where the reader of a pipe has gone. */
function writeLine(line: string): void {
  try {
    process.stdout.write(`${line}\n`);
  } catch {
    // There is nowhere left to say it.
  }
}

function formatOf(choice: CommonSettings["JOBS_LOG_FORMAT"]): "json" | "text" {
  if (choice !== "auto") return choice;
  return process.stdout.isTTY ? "text" : "json";
}

type Drain = { readonly stopped: Promise<void>; readonly isStopping: () => boolean };

function drainOnSignal(service: RunningService, log: Log): Drain {
  const stopped = Promise.withResolvers<void>();
  let signals = 0;
  const onSignal = (name: string) => {
    signals += 1;
    log.info(signals === 1 ? "stopping; a second signal stops at once" : "stopping at once", {
      signal: name,
    });
    service.drain(signals > 1).then(stopped.resolve, stopped.reject);
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
  return { stopped: stopped.promise, isStopping: () => signals > 0 };
}
