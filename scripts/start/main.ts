import { setTimeout as pause } from "node:timers/promises";
import { styleText } from "node:util";
import { readSettings } from "../../services/config/read-settings.ts";
import { createLog } from "../../services/log/log.ts";
import { isToldFault } from "../options/is-told-fault.ts";
import { readOptions } from "../options/read-options.ts";
import { describeStack } from "./describe-stack.ts";
import { localStackSettings } from "./settings.ts";
import { startStack } from "./start-stack.ts";

const { fresh, seed } = readOptions({
  fresh: { type: "boolean", default: false },
  seed: { type: "boolean", default: false },
});
const stops: ((now: boolean) => Promise<void>)[] = [];
const startedAt = performance.now();
/** A part takes a second or two to come up, the database's first start longer. */
const startMs = 15_000;
let signals = 0;
let starting: Promise<unknown> = Promise.resolve();

async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).toReversed()) await stop(signals > 1).catch(() => undefined);
}

/** Ends all. A part that is coming up is waited for: it could neither be stopped yet, nor do without those before it. */
async function onSignal(): Promise<void> {
  signals += 1;
  if (signals > 1) process.exit(130);
  console.log("\nStopping; Ctrl-C again stops at once.");
  await Promise.race([starting.catch(() => undefined), pause(startMs)]);
  await stopAll();
  process.exit(0);
}

process.on("SIGINT", () => void onSignal());
process.on("SIGTERM", () => void onSignal());

try {
  const settings = readSettings("the local stack", localStackSettings, process.env);
  const isJson = settings.JOBS_LOG_FORMAT === "json";
  const stack = startStack({
    settings,
    env: process.env,
    isFresh: fresh,
    maySeed: seed,
    log: createLog({
      level: settings.JOBS_LOG_LEVEL,
      format: isJson ? "json" : "text",
      write: console.log,
      now: () => new Date(),
    }),
    onUp: (name, address) => {
      if (signals > 0) throw new Error(`Stopping; nothing is started after ${name}.`);
      const ms = Math.round(performance.now() - startedAt);
      console.log(
        `${styleText("green", "✔")} ${name.padEnd(18)} ${address.padEnd(52)} ${styleText("dim", `${ms} ms`)}`,
      );
    },
    onStop: (stop) => stops.push(stop),
  });
  starting = stack;
  console.log(describeStack(await stack));
} catch (error) {
  if (signals === 0) await end(error);
}

async function end(error: unknown): Promise<void> {
  await stopAll();
  if (!isToldFault(error)) throw error;
  console.error(error.message);
  process.exit(1);
}
