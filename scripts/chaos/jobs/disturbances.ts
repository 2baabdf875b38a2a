import { setTimeout as pause } from "node:timers/promises";
import { connectionDisturbances } from "./connection-disturbances.ts";
import type { Disturbance } from "./disturbance.ts";
import { postgresDisturbances } from "./postgres-disturbances.ts";
import { workerDisturbances } from "./worker-disturbances.ts";

const overloadSteps = 20;

/** All disturbances by name. */
export const disturbances = {
  ...postgresDisturbances,
  ...workerDisturbances,
  ...connectionDisturbances,
  overload: {
    criterion: "Jobs come faster than they are worked; the backlog is worked off.",
    enqueues: "beside",
    run: async ({ enqueue, share }) => {
      for (let step = 0; step < overloadSteps; step++) {
        await enqueue(Math.ceil(share / overloadSteps));
        await pause(50);
      }
      return undefined;
    },
  },
  "event-burst": {
    criterion: "Many jobs are enqueued by one statement, and all are worked.",
    enqueues: "beside",
    run: async ({ enqueue, share, succeed }) => {
      await enqueue(share);
      return (await succeed(Math.floor(share / 2))) ? undefined : "A burst of jobs was not worked.";
    },
  },
} as const satisfies Readonly<Record<string, Disturbance>>;

/** The name of a disturbance. */
export type DisturbanceName = keyof typeof disturbances;

/** The nine scenarios of hardbyte/postgresql-job-queue-benchmarking. */
export const publicScenarios = [
  "postgres-restart",
  "backends-terminated",
  "pool-exhausted",
  "crash-recovery",
  "repeated-kills",
  "idle-in-transaction",
  "overload",
  "active-readers",
  "event-burst",
] as const satisfies readonly DisturbanceName[];

/** All names of disturbances. */
export const disturbanceNames: readonly DisturbanceName[] = Object.keys(disturbances).filter(
  (name): name is DisturbanceName => name in disturbances,
);
