import type { Call } from "./record-history.ts";
import type { Step } from "./steps.ts";
import { type Effect, pick, type SeenLease, type World } from "./world.ts";

/** Makes one call of the database, under a description that the history keeps with each change. */
export type Ask = <Row extends object>(
  call: Omit<Call, "transaction" | "call">,
  text: string,
  values: readonly unknown[],
) => Promise<Row[]>;

type Operation = (step: Step, world: World, ask: Ask) => Promise<Effect>;
type Ids = { id: string };
type Claimed = { id: string | null; token: string };

const instant = ({ due, pick: number }: Step) =>
  due === "now" ? "now()" : `timestamptz '${due === "past" ? 2020 : 2100}-01-01 00:00:0${number % 7}Z'`;

const added = (rows: Ids[]): Effect => ({ jobIds: rows.map(({ id }) => Number(id)) });

/** Gives the jobs that an operator's call is about. */
export const jobIdsOf = (step: Step, { jobIds }: World): number[] =>
  Array.from({ length: step.count }, (_, n) => pick(jobIds, step.pick + 37 * n) ?? 0);
/** Gives what a step's callback reports; completions are the likeliest, since those may also come late. */
export const reportKindOf = ({ count }: Step): "complete" | "retry" | "dead" | "progress" =>
  (["retry", "complete", "dead", "progress"] as const)[count % 4] ?? "complete";

const leaseOf = (step: Step, world: World): SeenLease =>
  pick(world.leases, step.pick) ?? { jobId: 0, token: crypto.randomUUID(), worker: "nobody" };
const seen = (rows: Claimed[], worker: string): Effect => ({
  leases: rows.flatMap(({ id, token }) => (id === null ? [] : [{ jobId: Number(id), token, worker }])),
});
const plainName = (step: Step) => ["w1", "w2", "plain"][step.pick % 3] ?? "";

const enqueues = {
  add: async (step, _, ask) =>
    added(
      await ask<Ids>(
        { kind: "add", tenants: [step.tenant] },
        `select id from app_jobs.add_job($1, 'task', '{}', $2, $3, ${instant(step)}, $4, $5)`,
        [step.tenant, step.key, step.queue, step.maxAttempts, step.priority],
      ),
    ),
  addMany: async (step, _, ask) => {
    const specs = Array.from({ length: step.count }, (_unused, n) =>
      JSON.stringify({
        db_id: step.tenant,
        identifier: "task",
        job_key: n === 0 ? step.key : null,
        queue_name: n % 2 === 0 ? step.queue : null,
        max_attempts: step.maxAttempts,
        priority: step.priority,
      }),
    );
    const text = "select id from app_jobs.add_jobs($1::text[]::json[])";
    return added(await ask<Ids>({ kind: "add", tenants: [step.tenant] }, text, [specs]));
  },
  insert: async (step, _, ask) =>
    added(
      await ask<Ids>(
        { kind: "insert", tenants: [step.tenant] },
        `insert into app_jobs.jobs (database_id, task_identifier, queue_name, run_at, max_attempts, priority)
         select $1::uuid, 'task', $2::text, ${instant(step)}, $3::int, $4::int from generate_series(1, $5::int) returning id`,
        [step.tenant, step.queue, step.maxAttempts, step.priority, step.count],
      ),
    ),
} satisfies Record<string, Operation>;

const claims = {
  completeAndGetJobs: async (step, world, ask) => {
    const { run, worker } = pick(world.runs, step.pick) ?? { run: crypto.randomUUID(), worker: "nobody" };
    const { jobId, token } = leaseOf(step, world);
    const text = `select id, lease_token as token from app_jobs.get_jobs(
      $1, $2, completed_ids => array[$3::bigint], completed_tokens => array[$4::uuid]) where kind in ('job', 'refused')`;
    const rows = await ask<{ id: string; token: string | null }>(
      { kind: "getJobs", run, worker, token },
      text,
      [run, step.count, jobId, token],
    );
    const claimed = rows.flatMap(({ id, token: given }) => (given === null ? [] : [{ id, token: given }]));
    return { ...seen(claimed, worker), taken: claimed.length === rows.length };
  },
  getJobs: async (step, { runs }, ask) => {
    const { run, worker } = pick(runs, step.pick) ?? { run: crypto.randomUUID(), worker: "nobody" };
    const text = "select id, lease_token as token from app_jobs.get_jobs($1, $2) where kind = 'job'";
    return seen(await ask<Claimed>({ kind: "getJobs", run, worker }, text, [run, step.count]), worker);
  },
  getJob: async (step, _, ask) => {
    const worker = plainName(step);
    const text = "select id, lease_token as token from app_jobs.get_job($1, null, '1 hour')";
    return seen(await ask<Claimed>({ kind: "getJob", worker }, text, [worker]), worker);
  },
} satisfies Record<string, Operation>;

const taken = (rows: unknown[]): Effect => ({ taken: rows.length > 0 });

const outcomes = {
  complete: async (step, world, ask) => {
    const { jobId, token } = leaseOf(step, world);
    const text = "select app_jobs.complete_leases(array[$1::bigint], array[$2::uuid])";
    return taken(await ask({ kind: "complete", token }, text, [jobId, token]));
  },
  fail: async (step, world, ask) => {
    const { jobId, token } = leaseOf(step, world);
    const text = `select id from app_jobs.fail_leases(array[$1::bigint], array[$2::uuid], array[$3::text], array['no'], array[0])`;
    return taken(await ask({ kind: step.outcome, token }, text, [jobId, token, step.outcome]));
  },
  accept: async (step, world, ask) => {
    const { jobId, token } = leaseOf(step, world);
    const text = "select app_jobs.accept_leases(array[$1::bigint], array[$2::uuid], 3600)";
    return taken(await ask({ kind: "accept", token }, text, [jobId, token]));
  },
  callback: async (step, world, ask) => {
    const { jobId, token } = leaseOf(step, world);
    const report = { kind: reportKindOf(step), callbackSeconds: 3600 };
    const kind = report.kind === "progress" ? "accept" : report.kind;
    const text = "select app_jobs.callback_job($1, $2, $3::text::json) as result";
    const rows = await ask<{ result: string }>({ kind, token }, text, [jobId, token, JSON.stringify(report)]);
    return { taken: rows[0]?.result === "taken" };
  },
  completePlain: async (step, world, ask) => {
    const { jobId, worker } = leaseOf(step, world);
    const text = "select id from app_jobs.complete_job($1, $2) where id is not null";
    return taken(await ask({ kind: "completePlain", worker }, text, [worker, jobId]));
  },
  failPlain: async (step, world, ask) => {
    const { jobId, worker } = leaseOf(step, world);
    const text = "select id from app_jobs.fail_job($1, $2, 'no') where id is not null";
    return taken(await ask({ kind: "failPlain", worker }, text, [worker, jobId]));
  },
} satisfies Record<string, Operation>;

const releases = {
  releaseStrays: async (step, world, ask) => {
    const { run } = pick(world.runs, step.pick) ?? { run: crypto.randomUUID() };
    const known = world.leases.slice(-2 * step.count).map(({ jobId }) => jobId);
    await ask({ kind: "release", run }, "select app_jobs.release_strays($1, $2::bigint[])", [run, known]);
    return {};
  },
  releaseWorker: async (step, world, ask) => {
    const { run } = pick(world.runs, step.pick) ?? { run: crypto.randomUUID() };
    world.ended.add(run);
    await ask({ kind: "release", run }, "select app_jobs.release_worker($1)", [run]);
    return { endedRun: run };
  },
  releaseJobs: async (step, _, ask) => {
    const worker = plainName(step);
    await ask({ kind: "releasePlain", worker }, "select app_jobs.release_jobs($1)", [worker]);
    return {};
  },
} satisfies Record<string, Operation>;

const crashes = {
  crash: async (step, world, ask) => {
    const { run } = pick(world.runs, step.pick) ?? { run: crypto.randomUUID() };
    world.ended.add(run);
    const text = "update app_jobs.workers set lease_until = now() - interval '1 second' where run = $1";
    await ask({ kind: "crash" }, text, [run]);
    return { endedRun: run };
  },
  expire: async (step, world, ask) => {
    const { jobId, token } = leaseOf(step, world);
    const text = `update app_jobs.jobs set lease_seconds = -1
      where id = $1 and lease_token = $2 and locked_at is not null and worker_run is null`;
    await ask({ kind: "expire" }, text, [jobId, token]);
    return {};
  },
  rescue: async (_step, _world, ask) => {
    await ask({ kind: "rescue" }, "select id from app_jobs.rescue_jobs()", []);
    return {};
  },
} satisfies Record<string, Operation>;

const operators = {
  reschedule: async (step, world, ask) => {
    const attempts = step.priority > 0 ? 0 : null;
    const text = `select id from app_jobs.reschedule_jobs($1::bigint[], ${instant(step)}, $2, $3)`;
    await ask({ kind: "reschedule" }, text, [jobIdsOf(step, world), step.priority, attempts]);
    return {};
  },
  permanentlyFail: async (step, world, ask) => {
    const text = "select id from app_jobs.permanently_fail_jobs($1::bigint[])";
    await ask({ kind: "permanentlyFail" }, text, [jobIdsOf(step, world).slice(0, 1)]);
    return {};
  },
  cancel: async (step, world, ask) => {
    const text = "select id from app_jobs.cancel_jobs($1::bigint[])";
    await ask({ kind: "cancel" }, text, [jobIdsOf(step, world).slice(0, 2)]);
    return {};
  },
  retryDead: async (step, world, ask) => {
    const text = `select id from app_jobs.retry_dead_jobs($1::bigint[], run_at => ${instant(step)})`;
    await ask({ kind: "retryDead" }, text, [jobIdsOf(step, world)]);
    return {};
  },
  discardDead: async (step, world, ask) => {
    const text = "select id from app_jobs.discard_dead_jobs($1::bigint[])";
    await ask({ kind: "discardDead" }, text, [jobIdsOf(step, world).slice(0, 1)]);
    return {};
  },
  completeJobs: async (step, world, ask) => {
    const text = "select id from app_jobs.complete_jobs($1::bigint[])";
    await ask({ kind: "completeJobs" }, text, [jobIdsOf(step, world).slice(0, 1)]);
    return {};
  },
} satisfies Record<string, Operation>;

/** Every kind of call, by the name that a step gives it. */
export const operations = { ...enqueues, ...claims, ...outcomes, ...releases, ...crashes, ...operators };

/** The kinds to draw from. Those that keep a queue busy come several times. */
export const kinds = [
  ...repeated(4, Object.keys(enqueues) as (keyof typeof enqueues)[]),
  ...repeated(9, Object.keys(claims) as (keyof typeof claims)[]),
  ...repeated(3, Object.keys(outcomes) as (keyof typeof outcomes)[]),
  ...repeated(1, Object.keys(releases) as (keyof typeof releases)[]),
  ...repeated(1, Object.keys(crashes) as (keyof typeof crashes)[]),
  ...repeated(2, ["rescue"] as const),
  ...repeated(2, Object.keys(operators) as (keyof typeof operators)[]),
];

function repeated<T>(times: number, list: readonly T[]): T[] {
  return Array.from({ length: times }, () => list).flat();
}
