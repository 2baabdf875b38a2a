import { until } from "../../../services/testing/until.ts";
import type { Cast, Env } from "./create-cast.ts";
import type { Actor } from "./start-actor.ts";

const readyMs = 60_000;

/** The workers of a run, each under a name that no other one has. */
export type Troupe = {
  readonly workers: readonly Actor[];
  /** Kills a worker (SIGKILL), resolves when it has gone, and starts another in its place. */
  readonly replaceWorker: (place: number) => Promise<void>;
  /** Stops a worker by SIGTERM, starts another when it has gone, and gives the first's exit code when that claims. */
  readonly retireWorker: (place: number) => Promise<number>;
  /** Resolves when all workers claim. */
  readonly whenReady: () => Promise<void>;
};

/** Starts so many workers. */
export function startTroupe(
  cast: Cast,
  { count, env }: { readonly count: number; readonly env: Env },
): Troupe {
  const workers: Actor[] = [];
  let generation = 0;
  const start = (place: number) => {
    workers[place] = cast.start(`worker-${place}-${++generation}`, "services/worker/main.ts", env);
  };
  const endOf = (place: number, signal: "SIGTERM" | "SIGKILL") => {
    const worker = workers[place];
    if (worker === undefined) throw new Error(`There is no worker ${place}.`);
    return cast.end(worker, signal);
  };
  const whenReady = async () => {
    await until("all workers are ready", () => workers.every(({ port }) => port() !== undefined), readyMs);
  };
  for (let place = 0; place < count; place++) start(place);
  return {
    workers,
    replaceWorker: async (place) => {
      await endOf(place, "SIGKILL");
      start(place);
    },
    retireWorker: async (place) => {
      const code = await endOf(place, "SIGTERM");
      start(place);
      await whenReady();
      return code;
    },
    whenReady,
  };
}
