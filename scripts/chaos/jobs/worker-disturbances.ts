import { setTimeout as pause } from "node:timers/promises";
import type { Disturbance, DisturbanceTools } from "./disturbance.ts";
import { beginRecovery, findBusy, type Recovery } from "./recovery.ts";

/** Disturbances of workers. */
export const workerDisturbances = {
  "crash-recovery": {
    criterion: "The busiest worker is killed; all jobs that it held are called again.",
    enqueues: "beside",
    run: async (tools) => {
      await tools.enqueue(tools.share);
      const { place, name: worker } = await chooseBusiest(tools);
      const at = performance.now();
      await kill(tools, place);
      return recover(tools, { worker, at });
    },
  },
  "repeated-kills": {
    criterion:
      "One worker after the other is killed before its predecessor's jobs are back; no job dies of it.",
    run: async (tools) => {
      const { stage, random } = tools;
      for (let strike = 0; strike < 6; strike++) {
        await kill(tools, random.between(0, stage.workers.length - 1));
        await pause(random.between(100, 500));
      }
      await stage.whenReady();
      return undefined;
    },
  },
  "worker-frozen": {
    criterion:
      "The busiest worker is frozen past its lease; its jobs are called again, and it changes nothing when it wakes.",
    enqueues: "beside",
    run: async (tools) => {
      await tools.enqueue(tools.share);
      const { name: worker, kill: signal } = await chooseBusiest(tools);
      const at = performance.now();
      signal("SIGSTOP");
      try {
        return await tools.faults.during("frozen", () => recover(tools, { worker, at }), worker);
      } finally {
        signal("SIGCONT");
      }
    },
  },
  "rolling-restart": {
    criterion:
      "All workers are replaced by SIGTERM, one after the other, under load; no job is called again for it.",
    enqueues: "instead",
    run: async (tools) => {
      const over = new AbortController();
      const flowing = flow(tools, over.signal);
      const codes: number[] = [];
      for (let place = 0; place < tools.stage.workers.length; place++)
        codes.push(await tools.stage.retireWorker(place));
      over.abort();
      await flowing;
      return codes.every((code) => code === 0)
        ? undefined
        : `Workers that were stopped by SIGTERM exited with ${codes.join(", ")}.`;
    },
  },
} as const satisfies Readonly<Record<string, Disturbance>>;

const flowMs = 100;
const flowSteps = 60;

/** Enqueues a little every tenth of a second, until it has to stop or its share has come. */
async function flow({ enqueue, share }: DisturbanceTools, signal: AbortSignal): Promise<void> {
  for (let step = 0; step < flowSteps && !signal.aborted; step++) {
    await enqueue(Math.ceil(share / flowSteps));
    await pause(flowMs);
  }
}

/** Gives the worker that holds most, or one by chance where none holds any. */
async function chooseBusiest({ stage, random }: DisturbanceTools) {
  const place = (await findBusy(stage)) ?? random.between(0, stage.workers.length - 1);
  const worker = stage.workers[place];
  if (worker === undefined) throw new Error(`There is no worker ${place}.`);
  return { place, ...worker };
}

async function kill({ stage, faults }: DisturbanceTools, place: number): Promise<void> {
  await faults.during("killed", () => stage.replaceWorker(place), stage.workers[place]?.name);
}

async function recover(
  { stage, recover: isOver }: DisturbanceTools,
  struck: Omit<Recovery, "held">,
): Promise<string | undefined> {
  const recovery = await beginRecovery(stage, struck);
  if (await isOver(recovery)) return undefined;
  return `Not all of the ${recovery.held.length} jobs that ${struck.worker} held were called again.`;
}
