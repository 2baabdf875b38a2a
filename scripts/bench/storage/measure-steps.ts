import { join } from "node:path";
import { onlyRow, type Sql } from "../../../db/client/connect.ts";
import type { BenchDatabase } from "../host/bench-server.ts";
import { openBackends } from "../host/open-backends.ts";

/** A change of what lies in db/migrations; it stays for the steps after it. */
export type Step = {
  readonly name: string;
  readonly sql: string;
  readonly claim: "get_jobs" | "lean_jobs";
  readonly complete: "complete_leases" | "lean_leases";
  /** Whether a claim sets synchronous_commit = off for its transaction. */
  readonly isAsync?: boolean;
};

/** What a job costs after a step: CPU of its connection in µs, bytes of WAL. */
export type StepFigures = {
  readonly claimUs: number;
  readonly completeUs: number;
  readonly walBytes: number;
};

const generic = (signature: string) =>
  `alter function app_jobs.${signature} set plan_cache_mode = force_generic_plan;`;

/** The steps, each on top of those before it. */
export const steps: readonly Step[] = [
  { name: "db/migrations", sql: "", claim: "get_jobs", complete: "complete_leases" },
  {
    name: "claim: plans kept (force_generic_plan)",
    sql: [
      "get_jobs(uuid, integer, text[], text[], json, bigint[], uuid[], double precision)",
      "claim_jobs(text, json, text[], text[], integer, json)",
      "next_band(bigint, json)",
    ]
      .map(generic)
      .join("\n"),
    claim: "get_jobs",
    complete: "complete_leases",
  },
  {
    name: "claim: one function, by ctid",
    sql: "",
    claim: "lean_jobs",
    complete: "complete_leases",
  },
  { name: "complete: by any, plan kept", sql: "", claim: "lean_jobs", complete: "lean_leases" },
  {
    name: "without jobs_worker_run_idx",
    sql: "drop index app_jobs.jobs_worker_run_idx",
    claim: "lean_jobs",
    complete: "lean_leases",
  },
  {
    name: "fillfactor 50",
    sql: "alter table app_jobs.jobs set (fillfactor = 50)",
    claim: "lean_jobs",
    complete: "lean_leases",
  },
  {
    name: "without job_waits_again, the row trigger",
    sql: "drop trigger job_waits_again on app_jobs.jobs",
    claim: "lean_jobs",
    complete: "lean_leases",
  },
  {
    name: "without check constraints",
    sql: `alter table app_jobs.jobs drop constraint jobs_task_identifier_length, drop constraint jobs_queue_name_length,
        drop constraint jobs_key_length, drop constraint jobs_max_attempts_positive`,
    claim: "lean_jobs",
    complete: "lean_leases",
  },
  {
    name: "claims commit without waiting for the disk",
    sql: "",
    claim: "lean_jobs",
    complete: "lean_leases",
    isAsync: true,
  },
];

/** Measures claims and completions of `batch` jobs after the first `count` steps. */
export async function measureStep(
  count: number,
  {
    database,
    jobs,
    batch,
    payload,
  }: { database: BenchDatabase; jobs: number; batch: number; payload: string },
): Promise<StepFigures> {
  const step = steps[count - 1];
  if (step === undefined) throw new Error(`Cannot measure step ${count}: there is none.`);
  await using backends = await openBackends(database.url, 1);
  const [backend] = backends.all;
  if (backend === undefined) throw new Error("Cannot measure: the connection is missing.");
  const { sql, cpuUs } = backend;
  await sql.unsafe(await Bun.file(join(import.meta.dirname, "lean-claim.sql")).text());
  for (const { sql: change } of steps.slice(0, count)) await sql.unsafe(change);

  const run = crypto.randomUUID();
  await sql`select app_jobs.register_worker(${run}, 'bench', 3600)`;
  const warm = Math.max(10, Math.round(jobs / 10 / batch)) * batch;
  await sql`
    insert into app_jobs.jobs (database_id, task_identifier, payload)
    select gen_random_uuid(), 'mail', ${payload}::text::json from generate_series(1, ${jobs + warm}::int)`;
  await sql`vacuum analyze app_jobs.jobs`;

  const spent = { claimUs: 0, completeUs: 0, done: 0 };
  let wal = 0;
  while (spent.done < jobs + warm) {
    if (spent.done === warm) [spent.claimUs, spent.completeUs, wal] = [0, 0, await walBytes(sql)];
    await turn(sql, { step, run, batch, cpuUs, spent });
  }
  return {
    claimUs: spent.claimUs / jobs,
    completeUs: spent.completeUs / jobs,
    walBytes: ((await walBytes(sql)) - wal) / jobs,
  };
}

type Turn = {
  readonly step: Step;
  readonly run: string;
  readonly batch: number;
  readonly cpuUs: () => Promise<number>;
  readonly spent: { claimUs: number; completeUs: number; done: number };
};

async function turn(sql: Sql, { step, run, batch, cpuUs, spent }: Turn): Promise<void> {
  const start = await cpuUs();
  const rows = await sql.unsafe<{ id: string; token: string }[]>(
    `select id, database_id, task_identifier, payload::text as payload, attempts, max_attempts, priority, run_at,
       lease_token as token, created_at, traceparent, tracestate, schedule_id, scheduled_at
       ${step.isAsync === true ? ", set_config('synchronous_commit', 'off', true)" : ""}
     from app_jobs.${step.claim}($1, $2)`,
    [run, batch],
    { prepare: true },
  );
  const middle = await cpuUs();
  const done = await sql.unsafe(
    `select app_jobs.${step.complete}($1::bigint[], $2::uuid[])`,
    [rows.map(({ id }) => id), rows.map(({ token }) => token)] as never[],
    { prepare: true },
  );
  if (done.length !== batch) throw new Error(`"${step.name}" completed ${done.length} jobs of ${batch}.`);
  spent.claimUs += middle - start;
  spent.completeUs += (await cpuUs()) - middle;
  spent.done += batch;
}

async function walBytes(sql: Sql): Promise<number> {
  const row = onlyRow(
    await sql<{ bytes: number }[]>`
      select (pg_current_wal_insert_lsn() - '0/0')::double precision as bytes`,
  );
  return row.bytes;
}
