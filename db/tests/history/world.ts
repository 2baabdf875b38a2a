import type { Sql } from "../../client/connect.ts";

/** A lease that an actor has seen; it may have passed on since. */
export type SeenLease = {
  readonly jobId: number;
  readonly token: string;
  readonly worker: string;
};

/** What an operation taught the actor, to be kept only if its transaction commits. */
export type Effect = {
  readonly jobIds?: readonly number[];
  readonly leases?: readonly SeenLease[];
  /** Whether the database took the outcome that was reported. */
  readonly taken?: boolean;
  /** A run that is over once this is committed. */
  readonly endedRun?: string;
};

/** What the actors of one history know in common. */
export type World = {
  readonly jobIds: number[];
  readonly leases: SeenLease[];
  /** The live run of each worker process. */
  readonly runs: { worker: string; run: string }[];
  /** Runs that were told to end or made to: their leases may be taken away. */
  readonly ended: Set<string>;
  transactions: number;
  calls: number;
};

/** Two processes share a name, and plain callers take both names too: a name is no lease. */
const workers = ["w1", "w1", "w2"];

/** Gives a world with three worker runs. */
export async function createWorld(sql: Sql): Promise<World> {
  const world: World = { jobIds: [], leases: [], runs: [], ended: new Set(), transactions: 0, calls: 0 };
  for (const worker of workers) {
    const run = crypto.randomUUID();
    await sql`select app_jobs.register_worker(${run}, ${worker}, 3600)`;
    world.runs.push({ worker, run });
  }
  return world;
}

/** Gives one of the list by a number of any size; undefined where the list is empty. The newest are the likeliest. */
export function pick<T>(list: readonly T[], number: number): T | undefined {
  const reach = Math.min(list.length, 2 + (number % 31));
  return list[list.length - 1 - (number % Math.max(1, reach))];
}

/** Adds what a committed operation taught; a process whose run has ended starts another. */
export async function learn(sql: Sql, world: World, effect: Effect): Promise<void> {
  world.jobIds.push(...(effect.jobIds ?? []));
  world.leases.push(...(effect.leases ?? []));
  const place = world.runs.findIndex(({ run }) => run === effect.endedRun);
  const stopped = world.runs[place];
  if (stopped === undefined) return;
  const next = { worker: stopped.worker, run: crypto.randomUUID() };
  world.runs[place] = next;
  await sql`select app_jobs.register_worker(${next.run}, ${next.worker}, 3600)`;
}
