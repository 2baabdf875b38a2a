import { setTimeout as pause } from "node:timers/promises";
import type { Disturbance, DisturbanceTools } from "./disturbance.ts";

/** Disturbances of what lies between: connections to Postgres, functions and the callback server, and that server itself. */
export const connectionDisturbances = {
  "connections-cut": {
    criterion:
      "All connections to Postgres, function or callback server are cut, and none is taken for a while.",
    run: async (tools) => {
      await disturbOne(tools, async (proxy) => {
        proxy.cut();
        await pause(tools.random.between(200, 800));
        proxy.mend();
      });
      return undefined;
    },
  },
  "enqueue-cut": {
    criterion:
      "The connection of an enqueuer is cut while its statement runs; its jobs are executed exactly if it was committed.",
    enqueues: "beside",
    run: async ({ stage: { proxies }, random, faults, enqueue, share }) => {
      const enqueuing = enqueue(share);
      await pause(random.between(0, 20));
      await faults.during("database", async () => {
        proxies.database.cut();
        await pause(200);
        proxies.database.mend();
      });
      await enqueuing;
      return undefined;
    },
  },
  "connections-frozen": {
    criterion:
      "Nothing passes on the connections to Postgres, function or callback server, though they stay open.",
    run: async (tools) => {
      await disturbOne(tools, async (proxy) => {
        proxy.freeze();
        await pause(tools.random.between(500, 4_000));
        proxy.mend();
      });
      return undefined;
    },
  },
  "connections-slow": {
    criterion:
      "Everything takes a while on its way to Postgres, function or callback server; no job is called again for it.",
    run: async ({ stage: { proxies }, random }) => {
      const names = ["database", "function", "callback"] as const;
      const proxy = proxies[names[random.between(0, 2)] ?? "database"];
      proxy.delay(random.between(20, 150));
      await pause(1_500);
      proxy.delay(0);
      return undefined;
    },
  },
  "callbacks-dropped": {
    criterion: "Callbacks reach nobody for a while; jobs whose callback is lost are called again.",
    run: async ({ stage: { proxies }, random, faults }) => {
      await faults.during("callback", async () => {
        proxies.callback.cut();
        await pause(random.between(1_000, 3_000));
        proxies.callback.mend();
      });
      return undefined;
    },
  },
  "callback-server-killed": {
    criterion: "The callback server is killed and started again.",
    run: async ({ stage: { callbackServer }, random, faults }) => {
      await faults.during("callback", async () => {
        await callbackServer.kill();
        await pause(random.between(0, 2_000));
        await callbackServer.startAgain();
      });
      return undefined;
    },
  },
} as const satisfies Readonly<Record<string, Disturbance>>;

type Proxies = DisturbanceTools["stage"]["proxies"];

async function disturbOne(
  { stage: { proxies }, random, faults }: DisturbanceTools,
  act: (proxy: Proxies[keyof Proxies]) => Promise<void>,
): Promise<void> {
  const names = ["database", "function", "callback"] as const;
  const name = names[random.between(0, 2)] ?? "database";
  await faults.during(name, () => act(proxies[name]));
}
