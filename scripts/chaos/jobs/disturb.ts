import { setTimeout as pause } from "node:timers/promises";
import type { FaultLog } from "./create-fault-log.ts";
import type { Disturbance, DisturbanceTools } from "./disturbance.ts";
import { type DisturbanceName, disturbances } from "./disturbances.ts";
import type { Enqueuer } from "./enqueue-jobs.ts";
import { awaitRecovery, type Recovery } from "./recovery.ts";
import type { Random } from "./seeded-random.ts";
import type { Stage } from "./stage.ts";

/** What is disturbed, how often, and who is told. */
export type DisturbOptions = {
  readonly jobs: number;
  readonly leaseSeconds: number;
  readonly names: readonly DisturbanceName[];
  readonly rounds: number;
  readonly tell?: (line: string) => void;
};

/** What disturbing works on. */
export type DisturbParts = {
  readonly stage: Stage;
  readonly random: Random;
  readonly faults: FaultLog;
  readonly enqueuer: Enqueuer;
};

/** A share of the jobs is kept for the end, when all is calm: none of them may be called twice. */
const calmShare = 0.1;
const feedSteps = 10;
const succeedMs = 30_000;

/** Disturbs one thing after the other while jobs come. Gives the criteria that failed, the recoveries that nothing
 * else disturbed, and when it was over. */
export async function disturb(options: DisturbOptions, parts: DisturbParts) {
  const { stage, random, enqueuer } = parts;
  const failed: string[] = [];
  const recoveries: Recovery[] = [];
  const order = Array.from({ length: options.rounds }, () => random.shuffled(options.names)).flat();
  const calm = Math.floor(options.jobs * calmShare);
  for (const [place, name] of order.entries()) {
    options.tell?.(`${(performance.now() / 1000).toFixed(1)} s: ${name}`);
    const { run, enqueues }: Disturbance = disturbances[name];
    const rest = (enqueuer.left() - calm) / (order.length - place);
    const share = Math.max(0, Math.floor(enqueues === "beside" ? rest / 2 : rest));
    const tools = createTools(parts, { share, recoveries, leaseSeconds: options.leaseSeconds });
    const feeding = enqueues === "instead" ? undefined : feed(enqueuer, share);
    const fault = await run(tools);
    await feeding;
    if (fault !== undefined) failed.push(`${name}: ${fault}`);
    await pause(random.between(100, 400));
  }
  const calmFrom = performance.now();
  await stage.whenReady();
  await enqueuer.enqueue(Math.max(0, enqueuer.left() - calm));
  return { failed, recoveries, calmFrom };
}

type ToolOptions = { readonly share: number; readonly recoveries: Recovery[]; readonly leaseSeconds: number };

function createTools(
  { stage, random, faults, enqueuer }: DisturbParts,
  { share, recoveries, leaseSeconds }: ToolOptions,
): DisturbanceTools {
  return {
    stage,
    random,
    faults,
    share,
    enqueue: enqueuer.enqueue,
    succeed: async (count) => {
      const wanted = stage.fn.successes() + count;
      const giveUpAt = performance.now() + succeedMs;
      while (stage.fn.successes() < wanted && performance.now() < giveUpAt) await pause(20);
      return stage.fn.successes() >= wanted;
    },
    recover: (recovery) => {
      recoveries.push(recovery);
      return awaitRecovery(stage, { recovery, withinMs: leaseSeconds * 1000 + succeedMs });
    },
  };
}

async function feed(enqueuer: Enqueuer, share: number): Promise<void> {
  for (let step = 0; step < feedSteps; step++) {
    await enqueuer.enqueue(Math.ceil(share / feedSteps));
    await pause(100);
  }
}
