import { strict as assert } from "node:assert";
import type { Action } from "../action.ts";
import { isClaimable, type Model } from "../database.ts";
import type { State } from "../state.ts";
import { register, type Tables } from "./tables.ts";

const tenant = "5b720132-17d5-424d-9bcb-ee7b17c13d43";

/** A move of the model that is to be made on the tables. */
export type Play = {
  readonly action: Action;
  readonly before: State;
  readonly state: State;
  readonly model: Model;
};

/** Makes a move by the queue's SQL, and compares what the database answers. What happens elsewhere does nothing here. */
export async function play(play: Play, tables: Tables): Promise<void> {
  const { action } = play;
  const { jobs, database } = tables;
  const run = "run" in action ? (tables.runs.get(action.run) ?? "") : "";
  switch (action.kind) {
    case "enqueue":
      return enqueue(play, tables, action.job);
    case "claim":
      return claim(play, tables, action);
    case "register":
      return register(tables, action.run);
    case "expire":
      await database.sql`update app_jobs.workers set lease_until = now() - interval '1 second' where run = ${run}`;
      return;
    case "beat in vain":
      return assert.ok(!(await jobs.beatWorker(run)), "a beat after the lease is in vain");
    case "give back":
      await jobs.releaseStrays(
        run,
        startedJobs(play.before, action.run).map((job) => tables.ids.get(job) ?? ""),
      );
      return;
    case "drain":
      await jobs.releaseWorker(run);
      return;
    case "rescue":
      await jobs.rescueJobs();
      return;
    case "deadline":
      await database.sql`update app_jobs.jobs set lease_seconds = -1 where id = ${tables.ids.get(action.job) ?? ""}`;
      return;
    case "settle":
      return settle(play, tables, action);
    case "call back":
      return callBack(tables, action);
    case "cancel":
    case "retry":
    case "discard":
      return operate(tables, action);
  }
}

const startedJobs = ({ flights }: State, worker: number) =>
  flights
    .filter(({ run, hand }) => run === worker && hand !== "none" && hand !== "unstarted")
    .map(({ job }) => job);

async function enqueue(
  { model, state, before }: Play,
  { database, ids }: Tables,
  job: number,
): Promise<void> {
  const { jobs, maxAttempts } = model.configuration;
  const { key = null, queue = null } = jobs[job] ?? {};
  const rows = await database.sql<{ id: string }[]>`
    select id from app_jobs.add_job(${tenant}, ${`task ${job}`}, job_key => ${key}, queue_name => ${queue},
      max_attempts => ${maxAttempts})`;
  const id = rows[0]?.id ?? "";
  if (state.jobs[job]?.enqueue === "own") ids.set(job, id);
  else {
    const holder = before.jobs.findIndex(({ row }, n) => row?.hasKey && jobs[n]?.key === key);
    assert.equal(id, ids.get(holder), "the job that was replaced");
  }
}

/** Claims a job and no other: what is due, and what its worker asks for, is the surroundings' choice. */
async function claim(
  { state }: Play,
  tables: Tables,
  { job, run }: { readonly job: number; readonly run: number },
): Promise<void> {
  const claimed = await ask(tables, job, run);
  assert.deepEqual(
    claimed.map(({ id }) => id),
    [tables.ids.get(job)],
    "what a claim takes",
  );
  const row = state.jobs[job]?.row;
  assert.equal(claimed[0]?.attempt, row?.attempts, "the attempt that a claim tells of");
  tables.tokens.set(row?.token ?? 0, claimed[0]?.leaseToken ?? "");
}

async function ask({ database, jobs, ids, runs }: Tables, job: number, run: number) {
  const rows = await database.sql<{ task: string }[]>`
    update app_jobs.jobs set run_at = now() where id = ${ids.get(job) ?? ""} returning task_identifier as task`;
  const tasks = { only: rows.map(({ task }) => task), except: null };
  return (await jobs.getJobs({ run: runs.get(run) ?? "", limit: 1, tasks })).jobs;
}

/** Asks for a job that the model does not let anybody have, and expects none; does nothing where it does, or nobody may ask. */
export async function askInVain(
  state: State,
  tables: Tables,
  { model, job }: { model: Model; job: number },
): Promise<void> {
  const run = state.runs.findIndex(({ row }) => row === "kept");
  if (run === -1 || !state.jobs[job]?.row || isClaimable(state, job, model)) return;
  assert.deepEqual(await ask(tables, job, run), [], "what a claim takes that may take nothing");
}

type Settled = Extract<Action, { kind: "settle" }>;

async function settle({ before }: Play, { jobs, ids, tokens }: Tables, { job, token, outcome }: Settled) {
  const lease = { jobId: ids.get(job) ?? "", leaseToken: tokens.get(token) ?? "" };
  const row = before.jobs[job]?.row;
  const holds = row?.token === token && row.lease !== null;
  const write = () => {
    if (outcome === "complete") return jobs.completeJobs([lease]);
    if (outcome === "accepted") return jobs.acceptJobs([lease], 3600);
    return jobs.failJobs([{ ...lease, kind: outcome, message: "no", delaySeconds: 0 }], 3600);
  };
  assert.equal((await write()).has(lease.jobId), holds, "whether an outcome is taken");
}

type CalledBack = Extract<Action, { kind: "call back" }>;

async function callBack(
  { jobs, ids, tokens }: Tables,
  { job, token, report, told }: CalledBack,
): Promise<void> {
  const lease = { jobId: ids.get(job) ?? "", leaseToken: tokens.get(token) ?? "" };
  const reports = {
    complete: { kind: "complete" },
    retry: { kind: "retry", error: "no", delaySeconds: 0 },
    dead: { kind: "dead", error: "no", delaySeconds: 0 },
    progress: { kind: "progress", progress: 0.5, message: null, callbackSeconds: 3600 },
  } as const;
  assert.equal(await jobs.callback(lease, reports[report]), told, "what a callback is told");
}

const calls = { cancel: "cancel_jobs", retry: "retry_dead_jobs", discard: "discard_dead_jobs" } as const;

async function operate(
  { database, ids }: Tables,
  { kind, job }: { readonly kind: keyof typeof calls; readonly job: number },
): Promise<void> {
  const text = `select id from app_jobs.${calls[kind]}($1::bigint[])`;
  const rows = await database.sql.unsafe<{ id: string }[]>(text, [[ids.get(job) ?? ""]]);
  assert.deepEqual(
    rows.map(({ id }) => id),
    [ids.get(job)],
    "what an operator's call is about",
  );
}
