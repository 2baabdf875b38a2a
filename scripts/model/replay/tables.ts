import { createJobs, type Jobs } from "#db/jobs";
import type { TestDatabase } from "../../../services/testing/with-database.ts";
import type { Configuration, Reason, Run } from "../state.ts";
import { type JobView, nowhere, type View } from "./view.ts";

/** A database that a trace is played on, and which of its ids stands for which number of the model. */
export type Tables = {
  readonly database: TestDatabase;
  readonly jobs: Jobs;
  /** By the place in the configuration. */
  readonly ids: Map<number, string>;
  readonly runs: Map<number, string>;
  /** By the token in the model. */
  readonly tokens: Map<number, string>;
};

/** Gives tables as they are in the model's first state. */
export async function createTables(database: TestDatabase, { runs }: Configuration): Promise<Tables> {
  const jobs = createJobs(database.sql, "app_jobs");
  const tables: Tables = { database, jobs, ids: new Map(), runs: new Map(), tokens: new Map() };
  for (let place = 0; place < runs; place++) await register(tables, place);
  return tables;
}

/** Makes a new run known in the place of one that is gone. */
export async function register({ jobs, runs }: Tables, place: number): Promise<void> {
  const run = crypto.randomUUID();
  runs.set(place, run);
  await jobs.registerWorker({ run, workerId: `worker ${place}`, leaseSeconds: 3600 });
}

type Row = {
  readonly id: string;
  readonly place: "jobs" | "dead_jobs";
  readonly attempts: number;
  readonly token: string | null;
  readonly run: string | null;
  readonly isLeased: boolean;
  readonly isAccepted: boolean;
  readonly isOver: boolean;
  readonly hasKey: boolean;
  readonly isSuperseded: boolean;
  readonly reason: Reason | null;
};

/** Gives what the tables show, in the model's words. */
export async function readView(tables: Tables, { jobs, runs: places }: Configuration): Promise<View> {
  const { sql } = tables.database;
  const rows = await sql<Row[]>`
    select id, 'jobs' as place, attempts, lease_token as token, worker_run as run, locked_at is not null as "isLeased",
      accepted_at is not null as "isAccepted",
      worker_run is null and coalesce(app_jobs.lease_end(locked_at, lease_seconds) < now(), false) as "isOver",
      key is not null as "hasKey", superseded as "isSuperseded", null as reason
    from app_jobs.jobs
    union all
    select id, 'dead_jobs', attempts, lease_token, null, false, false, false, key is not null, superseded, reason
    from app_jobs.dead_jobs`;
  const runs = await sql<{ run: string; row: Run["row"] }[]>`
    select run, case when lease_until > now() then 'kept' else 'over' end as row from app_jobs.workers`;
  return {
    jobs: jobs.map((_, place) =>
      jobView(
        rows.filter(({ id }) => id === tables.ids.get(place)),
        tables,
      ),
    ),
    runs: Array.from({ length: places }, (_, place) => {
      const found = runs.find(({ run }) => run === tables.runs.get(place));
      return found?.row ?? "none";
    }),
  };
}

function jobView(rows: readonly Row[], tables: Tables): JobView {
  const [row, second] = rows;
  if (second !== undefined) throw new Error(`Job ${second.id} is in jobs and in dead_jobs.`);
  if (row === undefined) return nowhere;
  const { id: _id, run, isLeased, isAccepted, ...rest } = row;
  if (isLeased && isAccepted !== (run === null)) throw new Error(`Job ${row.id} has a lease of no kind.`);
  return {
    ...rest,
    token: row.token === null ? null : numberOf(tables.tokens, row.token),
    lease: isLeased ? (run === null ? "clock" : numberOf(tables.runs, run)) : null,
  };
}

function numberOf(names: ReadonlyMap<number, string>, wanted: string): number {
  for (const [number, name] of names) if (name === wanted) return number;
  throw new Error(`Nothing in the model is called ${wanted}.`);
}
