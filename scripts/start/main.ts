import { styleText } from "node:util";
import { ConfigError, readSettings } from "../../services/config/read-settings.ts";
import { StartError } from "../../services/http/serve.ts";
import { createLog } from "../../services/log/log.ts";
import { readOptions } from "../options/read-options.ts";
import { describeStack } from "./describe-stack.ts";
import { localStackSettings } from "./settings.ts";
import { startStack } from "./start-stack.ts";

const { fresh } = readOptions({ fresh: { type: "boolean", default: false } });
const stops: ((now: boolean) => Promise<void>)[] = [];
const startedAt = performance.now();
let signals = 0;

async function stopAll(): Promise<void> {
  for (const stop of stops.splice(0).toReversed()) await stop(signals > 1).catch(() => undefined);
}

async function onSignal(): Promise<void> {
  signals += 1;
  if (signals > 1) process.exit(130);
  console.log("\nStopping; Ctrl-C again stops at once.");
  await stopAll();
  process.exit(0);
}

process.on("SIGINT", () => void onSignal());
process.on("SIGTERM", () => void onSignal());

try {
  const settings = readSettings("the local stack", localStackSettings, process.env);
  const isJson = settings.JOBS_LOG_FORMAT === "json";
  const addresses = await startStack({
    settings,
    env: process.env,
    isFresh: fresh,
    log: createLog({
      level: settings.JOBS_LOG_LEVEL,
      format: isJson ? "json" : "text",
      write: console.log,
      now: () => new Date(),
    }),
    onUp: (name, address) => {
      const ms = Math.round(performance.now() - startedAt);
      console.log(
        `${styleText("green", "✔")} ${name.padEnd(18)} ${address.padEnd(52)} ${styleText("dim", `${ms} ms`)}`,
      );
    },
    onStop: (stop) => stops.push(stop),
  });
  console.log(describeStack(addresses));
} catch (error) {
  await stopAll();
  if (!(error instanceof ConfigError || error instanceof StartError)) throw error;
  console.error(error.message);
  process.exit(1);
}
