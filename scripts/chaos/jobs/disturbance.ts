import type { FaultLog } from "./create-fault-log.ts";
import type { Recovery } from "./recovery.ts";
import type { Random } from "./seeded-random.ts";
import type { Stage } from "./stage.ts";

/** What a disturbance may use. */
export type DisturbanceTools = {
  readonly stage: Stage;
  readonly random: Random;
  readonly faults: FaultLog;
  /** Enqueues so many jobs more at once, of those that are planned. */
  readonly enqueue: (count: number) => Promise<void>;
  /** Jobs that are meant for this disturbance; as many come by themselves in its first second. */
  readonly share: number;
  /** Resolves when so many jobs more have succeeded; gives false where that does not come in half a minute. */
  readonly succeed: (count: number) => Promise<boolean>;
  /** Waits until what a worker held is called again; gives false where that does not come. Nothing else is disturbed meanwhile. */
  readonly recover: (recovery: Recovery) => Promise<boolean>;
};

/** A way to disturb. */
export type Disturbance = {
  /** What has to come true, beside the promises that every run has to keep. */
  readonly criterion: string;
  /** Whether it enqueues by itself: its share beside what comes anyway, or instead of that. */
  readonly enqueues?: "beside" | "instead";
  /** Disturbs, and gives a sentence where its criterion failed. */
  readonly run: (tools: DisturbanceTools) => Promise<string | undefined>;
};
