import { farAhead, free, type Model, type ModelJob, record, recordLost, runAtOf } from "./model-job.ts";
import { operators } from "./model-operators.ts";
import { reportKindOf } from "./operations.ts";
import type { Step } from "./steps.ts";
import { type Effect, pick, type SeenLease, type World } from "./world.ts";

type Given = { readonly step: Step; readonly world: World; readonly effect: Effect };
type Rule = (model: Model, given: Given) => string | undefined;

/** Gives the jobs that a claim may take now, in its order: of each idle queue the first, and all free ones. */
function claimable(model: Model): ModelJob[] {
  const all = [...model.jobs.values()];
  const running = new Set(all.flatMap(({ lease, queue }) => (lease === null ? [] : [queue])));
  const due = all.filter(
    (job) => job.lease === null && job.attempts < job.maxAttempts && job.runAt <= model.now,
  );
  due.sort((a, b) => a.priority - b.priority || a.runAt - b.runAt || a.id - b.id);
  const seen = new Set<string>();
  return due.filter(({ queue }) => {
    if (queue === null) return true;
    const isFirst = !running.has(queue) && !seen.has(queue);
    seen.add(queue);
    return isFirst;
  });
}

type Wanted = Pick<Step, "tenant" | "key" | "queue" | "priority" | "maxAttempts"> & {
  readonly runAt: number;
};

function enqueue(model: Model, id: number, wanted: Wanted): void {
  const { tenant, key } = wanted;
  const holder = [...model.jobs.values()].find(
    (job) => key !== null && job.key === key && job.tenant === tenant,
  );
  if (holder !== undefined && holder.lease !== null) Object.assign(holder, { key: null, superseded: true });
  const { queue, priority, maxAttempts, runAt } = wanted;
  const attemptRecords = model.jobs.get(id)?.attemptRecords ?? [];
  const fresh = {
    attempts: 0,
    superseded: false,
    isEnded: false,
    lease: null,
    unansweredToken: null,
    attemptRecords,
  };
  model.jobs.set(id, { id, tenant, key, queue, priority, maxAttempts, runAt, ...fresh });
}

const enqueues = {
  add: (model, { step, effect }) => {
    enqueue(model, effect.jobIds?.[0] ?? 0, { ...step, runAt: runAtOf(step, model.now) });
  },
  addMany: (model, { step, effect }) => {
    const specs = Array.from({ length: step.count }, (_, n) => ({
      ...step,
      key: n === 0 ? step.key : null,
      queue: n % 2 === 0 ? step.queue : null,
      runAt: model.now,
    }));
    const inOrder = [...specs.filter(({ key }) => key === null), ...specs.filter(({ key }) => key !== null)];
    inOrder.forEach((spec, n) => enqueue(model, effect.jobIds?.[n] ?? 0, spec));
  },
  insert: (model, { step, effect }) => {
    for (const id of effect.jobIds ?? [])
      enqueue(model, id, { ...step, key: null, runAt: runAtOf(step, model.now) });
  },
} satisfies Record<string, Rule>;

function lease(model: Model, { jobId, token, worker }: SeenLease, run: string | null): void {
  const job = model.jobs.get(jobId);
  if (job === undefined) return;
  job.attempts += 1;
  job.lease = { token, worker, run, isOver: false, isAccepted: false };
  job.unansweredToken = null;
}

function claim(model: Model, { step, world, effect }: Given): string | undefined {
  const expected = claimable(model).slice(0, Math.max(step.count, 3));
  const run = pick(world.runs, step.pick)?.run ?? null;
  for (const taken of effect.leases ?? []) lease(model, taken, run);
  return differ(
    expected.map(({ id }) => id).sort((a, b) => a - b),
    effect.leases,
  );
}

const claims = {
  getJobs: claim,
  completeAndGetJobs: (model, given) =>
    report(model, given, (job) => model.jobs.delete(job.id)) ?? claim(model, given),
  getJob: (model, { effect }) => {
    rescue(model);
    bury(model);
    const choice = claimable(model);
    const firsts = choice.filter(
      ({ queue }, n) => queue !== null || choice.findIndex((job) => job.queue === null) === n,
    );
    for (const taken of effect.leases ?? []) lease(model, taken, null);
    const [taken] = effect.leases ?? [];
    const isRight = taken === undefined ? firsts.length === 0 : firsts.some(({ id }) => id === taken.jobId);
    return isRight
      ? undefined
      : `get_job took ${taken?.jobId}, expected one of ${firsts.map(({ id }) => id).join()}`;
  },
} satisfies Record<string, Rule>;

function differ(expected: readonly number[], leases: readonly SeenLease[] = []): string | undefined {
  const taken = leases.map(({ jobId }) => jobId);
  return String(taken) === String(expected)
    ? undefined
    : `the claim took ${String(taken)}, expected ${String(expected)}`;
}

function rescue(model: Model): void {
  for (const job of model.jobs.values()) {
    if (!job.lease?.isOver) continue;
    recordLost(job);
    free(job, job.lease.isAccepted ? { runAt: farAhead + job.id } : {});
  }
}

/** Applies an outcome where the lease holds, and compares with what the database said. */
function report(
  model: Model,
  { step, world, effect }: Given,
  change: (job: ModelJob) => void,
): string | undefined {
  const shown = pick(world.leases, step.pick);
  const job = model.jobs.get(shown?.jobId ?? 0);
  const holds = job?.lease !== undefined && job.lease !== null && job.lease.token === shown?.token;
  if (job !== undefined && holds) change(job);
  return differOnTaken(holds, effect);
}

function differOnTaken(isTaken: boolean, effect: Effect): string | undefined {
  return effect.taken === isTaken ? undefined : `the report was ${effect.taken ? "" : "not "}taken, wrongly`;
}

/** Ends a job that waits, or is dead, under a token whose attempt had no answer; gives whether it was so. */
function endLate({ jobs, dead }: Model, jobId: number, token: string | undefined): boolean {
  const job = jobs.get(jobId) ?? dead.get(jobId);
  if (job === undefined || job.unansweredToken === null || job.unansweredToken !== token) return false;
  return jobs.delete(jobId) || dead.delete(jobId);
}

type Failure = { readonly outcome: string; readonly now: number; readonly isAnswered?: boolean };

function fail(job: ModelJob, { outcome, now, isAnswered = false }: Failure): void {
  record(job, outcome);
  const unansweredToken = outcome === "retry" && !isAnswered ? (job.lease?.token ?? null) : null;
  if (outcome === "dead" || job.superseded) free(job, { isEnded: true, unansweredToken });
  else if (outcome === "retry") free(job, { runAt: farAhead + job.id, unansweredToken });
  else free(job, { attempts: job.attempts - 1, runAt: now });
}

/** Applies what a plain caller says by its name alone, where it took the job by get_job. */
function reportPlain(model: Model, { step, world, effect }: Given, change: (job: ModelJob) => void) {
  const shown = pick(world.leases, step.pick);
  const job = model.jobs.get(shown?.jobId ?? 0);
  const holds = job !== undefined && isPlain(job, shown?.worker);
  if (holds) change(job);
  return differOnTaken(holds, effect);
}

function isPlain({ lease: held }: ModelJob, worker: string | undefined): boolean {
  return held !== null && held.run === null && !held.isAccepted && held.worker === worker;
}

const accept = (job: ModelJob) => {
  if (job.lease !== null) Object.assign(job.lease, { run: null, isAccepted: true, isOver: false });
};

const outcomes = {
  complete: (model, given) => report(model, given, (job) => model.jobs.delete(job.id)),
  fail: (model, given) =>
    report(model, given, (job) => fail(job, { outcome: given.step.outcome, now: model.now })),
  accept: (model, given) => report(model, given, accept),
  callback: (model, given) => {
    const { step, world, effect } = given;
    const kind = reportKindOf(step);
    const { token, jobId = 0 } = pick(world.leases, step.pick) ?? {};
    if (kind === "complete" && endLate(model, jobId, token)) return differOnTaken(true, effect);
    return report(model, given, (job) => {
      if (kind === "complete") model.jobs.delete(job.id);
      else if (kind !== "progress")
        fail(job, { outcome: kind, now: model.now, isAnswered: job.lease?.isAccepted ?? false });
      else if (job.lease?.isAccepted) job.lease.isOver = false;
    });
  },
  completePlain: (model, given) => reportPlain(model, given, (job) => model.jobs.delete(job.id)),
  failPlain: (model, given) =>
    reportPlain(model, given, (job) => fail(job, { outcome: "retry", now: model.now })),
} satisfies Record<string, Rule>;

function release(model: Model, isTheirs: (job: ModelJob) => boolean): void {
  for (const job of model.jobs.values()) {
    if (job.lease === null || !isTheirs(job)) continue;
    record(job, "released");
    free(job, { attempts: job.attempts - 1 });
  }
}

const releases = {
  releaseStrays: (model, { step, world }) => {
    const run = pick(world.runs, step.pick)?.run;
    const known = new Set(world.leases.slice(-2 * step.count).map(({ jobId }) => jobId));
    release(model, (job) => job.lease?.run === run && !known.has(job.id));
  },
  releaseWorker: (model, { effect }) => release(model, (job) => job.lease?.run === effect.endedRun),
  releaseJobs: (model, { step }) => {
    const worker = ["w1", "w2", "plain"][step.pick % 3];
    release(model, (job) => isPlain(job, worker));
  },
} satisfies Record<string, (model: Model, given: Given) => void>;

const crashes = {
  crash: (model, { effect }) => {
    for (const { lease: held } of model.jobs.values())
      if (held !== null && held.run === effect.endedRun) held.isOver = true;
  },
  expire: (model, { step, world }) => {
    const shown = pick(world.leases, step.pick);
    const held = model.jobs.get(shown?.jobId ?? 0)?.lease;
    if (held && held.token === shown?.token && held.run === null) held.isOver = true;
  },
  rescue: (model) => rescue(model),
} satisfies Record<string, (model: Model, given: Given) => void>;

/** Moves to the dead what is free and will not run again. */
function bury({ jobs, dead }: Model): void {
  for (const [id, job] of jobs)
    if (job.lease === null && (job.isEnded || job.superseded || job.attempts >= job.maxAttempts)) {
      jobs.delete(id);
      dead.set(id, job);
    }
}

const rules: Record<Step["kind"], (model: Model, given: Given) => string | undefined | void> = {
  ...enqueues,
  ...claims,
  ...outcomes,
  ...releases,
  ...crashes,
  ...operators,
};

/** Brings the model to after a step that gave `effect`; gives what of the effect it did not expect. */
export function follow(model: Model, given: Given): string | undefined {
  const fault = rules[given.step.kind](model, given);
  bury(model);
  model.now += 1;
  return fault ?? undefined;
}
