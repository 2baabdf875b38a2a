import { until } from "../../../services/testing/until.ts";
import type { Cast, Env } from "./create-cast.ts";

const readyMs = 60_000;

/** The callback server, which can be killed and comes back on the same port. */
export type CallbackServer = {
  readonly port: number;
  readonly kill: () => Promise<void>;
  readonly startAgain: () => Promise<void>;
};

/** Starts the callback server on a free port, and resolves when it is ready. */
export async function startCallbackServer(cast: Cast, env: Env): Promise<CallbackServer> {
  const start = async (port: number) => {
    const actor = cast.start("callback", "services/callback/main.ts", {
      ...env,
      INTERNAL_JOBS_CALLBACK_PORT: String(port),
    });
    return { actor, port: await until("the callback server is ready", actor.port, readyMs) };
  };
  let server = await start(0);
  return {
    port: server.port,
    kill: async () => {
      await cast.end(server.actor, "SIGKILL");
    },
    startAgain: async () => {
      server = await start(server.port);
    },
  };
}
