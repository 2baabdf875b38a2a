import { setTimeout as pause } from "node:timers/promises";
import type { Sql } from "../../../db/client/connect.ts";
import type { Disturbance, DisturbanceTools } from "./disturbance.ts";
import type { Stage } from "./stage.ts";

/** Disturbances of Postgres. */
export const postgresDisturbances = {
  "postgres-restart": {
    criterion: "Postgres crashes while jobs are enqueued and run; work goes on when it is back.",
    run: async ({ stage, random, faults, succeed }) => {
      await faults.during("database", () => stage.database.crash(random.between(0, 1_500)));
      return (await succeed(1)) ? undefined : "No job ran after Postgres was back.";
    },
  },
  "backends-terminated": {
    criterion: "All sessions of the services are terminated, again and again; no job is called again for it.",
    run: async ({ stage, faults }) => {
      await faults.during("database", async () => {
        for (let round = 0; round < 5; round++) {
          await terminateBackends(stage);
          await pause(100);
        }
      });
      return undefined;
    },
  },
  "pool-exhausted": {
    criterion: "No connection of the server is left to the services for a while; work goes on when there is.",
    run: exhaustConnections,
  },
  "idle-in-transaction": {
    criterion: "Jobs are worked while three sessions sit in transactions with old snapshots.",
    run: async ({ stage, share, succeed }) => {
      await using holders = new AsyncDisposableStack();
      for (let holder = 0; holder < 3; holder++) {
        const sql = stage.database.open("holder");
        holders.defer(() => sql.end({ timeout: 1 }));
        await sql.unsafe("begin isolation level repeatable read; select count(*) from app_jobs.jobs");
      }
      const worked = await succeed(Math.floor(share / 2));
      return worked ? undefined : "Jobs were not worked while transactions were open.";
    },
  },
  "active-readers": {
    criterion: "Jobs are worked while four sessions read the whole table without a pause.",
    run: async ({ stage, share, succeed }) => {
      const over = new AbortController();
      const reading = [1, 2, 3, 4].map(() => readActively(stage, over.signal));
      const worked = await succeed(Math.floor(share / 2));
      over.abort();
      await Promise.all(reading);
      return worked ? undefined : "Jobs were not worked while the table was read.";
    },
  },
} as const satisfies Readonly<Record<string, Disturbance>>;

async function terminateBackends({ database }: Stage): Promise<void> {
  await database.insist(`
    select pg_terminate_backend(pid)
    from pg_stat_activity
    where application_name like 'jobs-%'`);
}

/** Takes every connection that the server has left, and then those that the services had. */
async function exhaustConnections({ stage, faults, succeed }: DisturbanceTools): Promise<string | undefined> {
  const hoard: Sql[] = [];
  const takeAll = async () => {
    for (;;) {
      const sql = stage.database.open("hoarder");
      hoard.push(sql);
      if (
        !(await sql.unsafe("select 1").then(
          () => true,
          () => false,
        ))
      )
        return;
    }
  };
  await faults.during("database", async () => {
    await takeAll();
    await terminateBackends(stage);
    await takeAll();
    await pause(1_500);
    await Promise.all(hoard.map((sql) => sql.end({ timeout: 1 })));
  });
  return (await succeed(1)) ? undefined : "No job ran after connections were free again.";
}

async function readActively({ database }: Stage, signal: AbortSignal): Promise<void> {
  const sql = database.open("reader");
  while (!signal.aborted)
    await sql
      .unsafe(`
        select task_identifier, queue_name, count(*), max(attempts), sum(length(payload::text))
        from app_jobs.jobs
        group by 1, 2`)
      .catch(() => undefined);
  await sql.end({ timeout: 1 });
}
