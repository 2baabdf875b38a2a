import { setTimeout as pause } from "node:timers/promises";
import { connect, type Sql } from "../../../db/client/connect.ts";
import type { Proxy } from "../../../services/testing/with-proxy.ts";
import type { Random } from "./seeded-random.ts";
import { databaseAt, type Stage } from "./stage.ts";

/** What a disturbance may use. */
export type DisturbanceTools = {
  readonly stage: Stage;
  readonly random: Random;
  /** Enqueues so many jobs more at once, of those that are planned. */
  readonly enqueue: (count: number) => Promise<void>;
  /** Jobs planned for one disturbance. */
  readonly share: number;
  /** Notes that a worker was killed just now. */
  readonly killed: (worker: string) => void;
};

/** A way to disturb; `explains` says which workers' jobs may be called again for it. */
export type Disturbance = {
  /** Whether it may make a job be called again that had succeeded: "all" workers' jobs, or the one's that it gives the name of. */
  readonly explains: "all" | "none" | "one";
  readonly run: (tools: DisturbanceTools) => Promise<string | undefined>;
};

/** From a kill until the lease of 3 s is over and the jobs are called again. */
const recoveryMs = 5_000;

/** All disturbances by name. The first nine are those of hardbyte/postgresql-job-queue-benchmarking. */
export const disturbances = {
  "postgres-restart": {
    explains: "all",
    run: async ({ stage }) => {
      await stage.restartPostgres();
      return undefined;
    },
  },
  "backends-terminated": {
    explains: "all",
    run: async ({ stage }) => {
      for (let round = 0; round < 5; round++) {
        await terminateBackends(stage.sql);
        await pause(100);
      }
      return undefined;
    },
  },
  "pool-exhausted": { explains: "all", run: exhaustConnections },
  "crash-recovery": {
    explains: "one",
    run: async (tools) => {
      await tools.enqueue(tools.share);
      const worker = await killOne(tools, await findBusy(tools.stage));
      await pause(recoveryMs);
      return worker;
    },
  },
  "repeated-kills": {
    explains: "all",
    run: async (tools) => {
      for (let kill = 0; kill < 4; kill++) {
        await killOne(tools);
        await pause(tools.random.between(100, 500));
      }
      return undefined;
    },
  },
  "idle-in-transaction": { explains: "none", run: holdSnapshots },
  "sustained-overload": {
    explains: "none",
    run: async ({ enqueue, share }) => {
      const steps = 20;
      for (let step = 0; step < steps; step++) {
        await enqueue(Math.ceil(share / steps));
        await pause(50);
      }
      return undefined;
    },
  },
  "active-readers": { explains: "none", run: readActively },
  "event-burst": {
    explains: "none",
    run: async ({ enqueue, share }) => {
      await enqueue(share);
      return undefined;
    },
  },
  "worker-frozen": { explains: "one", run: freezeOne },
  "connections-cut": {
    explains: "all",
    run: async ({ stage, random }) => {
      const proxy = drawProxy(stage, random);
      proxy.cut();
      await pause(random.between(200, 800));
      proxy.mend();
      return undefined;
    },
  },
  "connections-frozen": {
    explains: "all",
    run: async ({ stage, random }) => {
      const proxy = drawProxy(stage, random);
      proxy.freeze();
      await pause(random.between(500, 4_000));
      proxy.mend();
      return undefined;
    },
  },
  "connections-slow": {
    explains: "all",
    run: async ({ stage, random }) => {
      const proxy = drawProxy(stage, random);
      proxy.delay(random.between(20, 150));
      await pause(2_000);
      proxy.delay(0);
      return undefined;
    },
  },
} as const satisfies Readonly<Record<string, Disturbance>>;

/** The name of a disturbance. */
export type DisturbanceName = keyof typeof disturbances;

/** Waits a moment for a worker with a call under way, and gives its place. */
async function findBusy({ fn, workers }: Stage): Promise<number | undefined> {
  for (let look = 0; look < 100; look++) {
    const recent = performance.now() - 100;
    const call = fn.calls.slice(-50).find(({ at, saidAt }) => at > recent && saidAt === undefined);
    if (call !== undefined) return workers.findIndex(({ name }) => name === call.worker);
    await pause(5);
  }
  return undefined;
}

async function killOne({ stage, random, killed }: DisturbanceTools, busy = -1): Promise<string> {
  const drawn = random.between(0, stage.workers.length - 1);
  const place = busy === -1 ? drawn : busy;
  killed(stage.workers[place]?.name ?? "");
  return stage.replaceWorker(place);
}

/** Past its lease, so that its jobs are others' when it wakes. */
async function freezeOne({ stage, random }: DisturbanceTools): Promise<string | undefined> {
  const worker = stage.workers[random.between(0, stage.workers.length - 1)];
  worker?.process.kill("SIGSTOP");
  await pause(random.between(3_500, 5_000));
  worker?.process.kill("SIGCONT");
  return worker?.name;
}

function drawProxy({ proxies }: Stage, random: Random): Proxy {
  const all = [proxies.database, proxies.function, proxies.callback];
  return all[random.between(0, all.length - 1)] ?? proxies.database;
}

async function terminateBackends(sql: Sql): Promise<void> {
  await sql`
    select pg_terminate_backend(pid)
    from pg_stat_activity
    where application_name like 'jobs-%'`.catch(() => undefined);
}

/** Takes every connection that the server has left, and then those that the services had. */
async function exhaustConnections({ stage }: DisturbanceTools): Promise<undefined> {
  const hoard: Sql[] = [];
  const takeAll = async () => {
    for (;;) {
      const sql = connect(databaseAt(stage.url), { max: 1, name: "hoarder", fetchTypes: false });
      hoard.push(sql);
      if (!(await sql`select 1`.then(() => true).catch(() => false))) return;
    }
  };
  await takeAll();
  await terminateBackends(stage.sql);
  await takeAll();
  await pause(1_500);
  await Promise.all(hoard.map((sql) => sql.end({ timeout: 1 })));
  return undefined;
}

async function holdSnapshots({ stage }: DisturbanceTools): Promise<undefined> {
  await using holders = new AsyncDisposableStack();
  for (let holder = 0; holder < 3; holder++) {
    const sql = connect(databaseAt(stage.url), { max: 1, name: "holder", fetchTypes: false });
    holders.defer(() => sql.end({ timeout: 1 }));
    await sql
      .unsafe("begin isolation level repeatable read; select count(*) from app_jobs.jobs")
      .catch(() => undefined);
  }
  await pause(2_500);
  return undefined;
}

async function readActively({ stage }: DisturbanceTools): Promise<undefined> {
  const over = performance.now() + 2_000;
  const read = async () => {
    const sql = connect(databaseAt(stage.url), { max: 1, name: "reader", fetchTypes: false });
    while (performance.now() < over)
      await sql`
        select task_identifier, queue_name, count(*), max(attempts), sum(length(payload::text))
        from app_jobs.jobs
        group by 1, 2`.catch(() => undefined);
    await sql.end({ timeout: 1 });
  };
  await Promise.all([read(), read(), read(), read()]);
  return undefined;
}
