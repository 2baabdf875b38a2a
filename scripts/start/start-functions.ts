import type { Environment } from "../../services/config/read-settings.ts";
import { StartError, serve } from "../../services/http/serve.ts";
import { findFunctions } from "./find-functions.ts";
import type { StackOptions } from "./start-stack.ts";

/**
 * Serves every function of the repository and gives their URLs by name. What the stack sets comes before what its own
 * environment says, so that nothing local reaches a real mail server.
 *
 * @throws StartError when a port cannot be used, or a function's settings or templates are wrong.
 */
export async function startFunctions(
  { settings, env, onUp, onStop }: StackOptions,
  stackEnv: Environment,
): Promise<Record<string, string>> {
  const urls: Record<string, string> = {};
  for (const job of await findFunctions()) {
    const jobEnv = { ...env, ...stackEnv };
    const faults = job.settingFaults(jobEnv);
    if (faults.length > 0) throw new StartError(`Cannot start ${job.name}:\n  ${faults.join("\n  ")}`);
    await job.prepare(jobEnv).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new StartError(`Cannot start ${job.name}: ${reason}`, { cause });
    });
    const variable = portVariable(job.name);
    const server = serve(
      { fetch: (request) => job.fetch(request, jobEnv) },
      {
        port: portOf(variable, { ...settings, ...env }),
        variable,
        what: job.name,
        host: "127.0.0.1",
        idleSeconds: 0,
      },
    );
    onStop(() => server.stop(true));
    urls[job.name] = `http://127.0.0.1:${server.port}/`;
    onUp(job.name, `http://localhost:${server.port}`);
  }
  return urls;
}

/** SEND_EMAIL_LINK_PORT for send-email-link. */
function portVariable(name: string): string {
  return `${name.toUpperCase().replaceAll("-", "_")}_PORT`;
}

/** A function that the stack's settings do not know takes a free port, unless its variable names one. */
function portOf(variable: string, settings: Readonly<Record<string, unknown>>): number {
  const port = Number(settings[variable] ?? 0);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new StartError(
    `Cannot use ${variable}=${String(settings[variable])}: expected a port from 0 to 65535.`,
  );
}
