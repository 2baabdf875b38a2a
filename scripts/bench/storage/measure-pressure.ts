import { setTimeout as pause } from "node:timers/promises";
import type { BenchDatabase } from "../host/bench-server.ts";
import { openBackends } from "../host/open-backends.ts";
import { keep } from "./measure-life.ts";
import type { Session, Shape } from "./shapes.ts";

/** How a shape fares while another session keeps an old snapshot. */
export type PressureFigures = {
  readonly beforePerSecond: number;
  readonly heldPerSecond: number;
  /** Rate with the snapshot held, of the rate before. */
  readonly heldOfBefore: number;
  /** CPU that a claimed job costs the connection then, of what it cost before. */
  readonly claimTimes: number;
};

/** How much is measured; times in seconds. */
export type PressurePlan = {
  readonly connections: number;
  readonly backlog: number;
  readonly batch: number;
  readonly payload: string;
  readonly heldSeconds: number;
  readonly windowSeconds: number;
};

/** Measures the rate of steady work (enqueue, claim, complete) before, and at the end of, a snapshot's time. */
export async function measurePressure(
  shape: Shape,
  { database, plan }: { database: BenchDatabase; plan: PressurePlan },
): Promise<PressureFigures> {
  await using backends = await openBackends(database.url, plan.connections);
  await shape.create(database.sql);
  for (let n = 0; n < plan.backlog / 1000; n++) await shape.enqueue(database.sql, 1000, plan.payload);
  await database.sql.unsafe("vacuum analyze");

  const tally = { isOver: false, completed: 0, claimUs: 0 };
  const workers = Promise.all(
    backends.all.map(async ({ sql, cpuUs }) => {
      const session = await shape.open(sql);
      while (!tally.isOver)
        await turn(session, tally, {
          enqueue: () => shape.enqueue(sql, plan.batch, plan.payload),
          plan,
          cpuUs,
        });
    }),
  );
  const keeping = keep(shape, database.sql, workers);
  try {
    await pause(1000);
    const before = await watch(tally, plan.windowSeconds);
    const held = await database.sql.begin("isolation level repeatable read", async (holder) => {
      await holder`select pg_current_snapshot()`;
      await pause((plan.heldSeconds - plan.windowSeconds) * 1000);
      return watch(tally, plan.windowSeconds);
    });
    return {
      beforePerSecond: before.perSecond,
      heldPerSecond: held.perSecond,
      heldOfBefore: held.perSecond / before.perSecond,
      claimTimes: held.claimUs / before.claimUs,
    };
  } finally {
    tally.isOver = true;
    await workers;
    await keeping;
  }
}

type Tally = { isOver: boolean; completed: number; claimUs: number };

async function turn(
  session: Session,
  tally: Tally,
  {
    enqueue,
    plan,
    cpuUs,
  }: { enqueue: () => Promise<unknown>; plan: PressurePlan; cpuUs: () => Promise<number> },
): Promise<void> {
  await enqueue();
  const start = await cpuUs();
  const leases = await session.claim(plan.batch);
  tally.claimUs += (await cpuUs()) - start;
  if (leases.ids.length > 0) tally.completed += await session.complete(leases);
}

async function watch(tally: Tally, seconds: number): Promise<{ perSecond: number; claimUs: number }> {
  const { completed, claimUs } = tally;
  const startedAt = performance.now();
  await pause(seconds * 1000);
  const count = tally.completed - completed;
  return {
    perSecond: (count / (performance.now() - startedAt)) * 1000,
    claimUs: (tally.claimUs - claimUs) / count,
  };
}
