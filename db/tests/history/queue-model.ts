import { type Model, type ModelJob, record, recordLost } from "./model-job.ts";
import { jobIdsOf } from "./operations.ts";
import type { Step } from "./steps.ts";
import { type Effect, pick, type SeenLease, type World } from "./world.ts";

/** Later than every step: what waits for backoff, or was put off, is not due within a test. */
const farAhead = 1_000_000;

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

const runAtOf = ({ due, pick: number }: Step, now: number) =>
  due === "now" ? now : (number % 7) + (due === "past" ? 0 : farAhead);

type Wanted = Pick<Step, "tenant" | "key" | "queue" | "priority" | "maxAttempts"> & {
  readonly runAt: number;
};

function enqueue(model: Model, id: number, wanted: Wanted): void {
  const { tenant, key } = wanted;
  const holder = [...model.jobs.values()].find(
    (job) => key !== null && job.key === key && job.tenant === tenant,
  );
  if (holder !== undefined && holder.lease !== null)
    Object.assign(holder, { key: null, attempts: holder.maxAttempts, superseded: true });
  const { queue, priority, maxAttempts, runAt } = wanted;
  const attemptRecords = model.jobs.get(id)?.attemptRecords ?? [];
  const fresh = { attempts: 0, superseded: false, lease: null, attemptRecords };
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

/** Ends a lease: back to waiting or, out of attempts, dead. */
function free(job: ModelJob, change: Partial<ModelJob> = {}): void {
  Object.assign(job, { lease: null }, change);
}

const attemptGivenBack = (job: ModelJob) => (job.superseded ? job.maxAttempts : job.attempts - 1);

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
  return effect.taken === holds ? undefined : `the report was ${effect.taken ? "" : "not "}taken, wrongly`;
}

function fail(model: Model, job: ModelJob, outcome: string): void {
  record(job, outcome);
  if (outcome === "dead" || job.superseded) free(job, { attempts: job.maxAttempts });
  else if (outcome === "retry") free(job, { runAt: farAhead + job.id });
  else free(job, { attempts: job.attempts - 1, runAt: model.now });
}

/** Applies what a plain caller says by its name alone, where it took the job by get_job. */
function reportPlain(model: Model, { step, world, effect }: Given, change: (job: ModelJob) => void) {
  const shown = pick(world.leases, step.pick);
  const job = model.jobs.get(shown?.jobId ?? 0);
  const holds = job !== undefined && isPlain(job, shown?.worker);
  if (holds) change(job);
  return effect.taken === holds ? undefined : `the report was ${effect.taken ? "" : "not "}taken, wrongly`;
}

function isPlain({ lease: held }: ModelJob, worker: string | undefined): boolean {
  return held !== null && held.run === null && !held.isAccepted && held.worker === worker;
}

const accept = (job: ModelJob) => {
  if (job.lease !== null) Object.assign(job.lease, { run: null, isAccepted: true, isOver: false });
};

const outcomes = {
  complete: (model, given) => report(model, given, (job) => model.jobs.delete(job.id)),
  fail: (model, given) => report(model, given, (job) => fail(model, job, given.step.outcome)),
  accept: (model, given) => report(model, given, accept),
  callback: (model, given) =>
    report(model, given, (job) => {
      const kind = ["complete", "retry", "dead", "progress"][given.step.count % 4] ?? "";
      if (kind === "complete") model.jobs.delete(job.id);
      else if (kind !== "progress") fail(model, job, kind);
      else if (job.lease?.isAccepted) job.lease.isOver = false;
    }),
  completePlain: (model, given) => reportPlain(model, given, (job) => model.jobs.delete(job.id)),
  failPlain: (model, given) => reportPlain(model, given, (job) => fail(model, job, "retry")),
} satisfies Record<string, Rule>;

function release(model: Model, isTheirs: (job: ModelJob) => boolean): void {
  for (const job of model.jobs.values()) {
    if (job.lease === null || !isTheirs(job)) continue;
    record(job, "released");
    free(job, { attempts: attemptGivenBack(job) });
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

/** Puts dead jobs back, in the order of their ids, each with its key where no other has it. */
function revive(model: Model, chosen: readonly number[], change: Partial<ModelJob> = {}): void {
  for (const id of [...new Set(chosen)].sort((a, b) => a - b)) {
    const job = model.dead.get(id);
    if (job === undefined) continue;
    model.dead.delete(id);
    const isTaken = [...model.jobs.values()].some(
      ({ key, tenant }) => key === job.key && tenant === job.tenant,
    );
    const back = { attempts: 0, superseded: false, key: isTaken ? null : job.key };
    model.jobs.set(id, { ...job, ...back, ...change });
  }
}

/** Moves to the dead what is free and has no attempt left. */
function bury({ jobs, dead }: Model): void {
  for (const [id, job] of jobs)
    if (job.lease === null && job.attempts >= job.maxAttempts) {
      jobs.delete(id);
      dead.set(id, job);
    }
}

/** Does something to the jobs of a step's choice that nobody has. */
function operate({ jobs }: Model, chosen: readonly number[], change: (job: ModelJob) => void): void {
  for (const id of new Set(chosen)) {
    const job = jobs.get(id);
    if (job !== undefined && (job.lease === null || job.lease.isOver)) change(job);
  }
}

const operators = {
  reschedule: (model, given) => {
    const { step, world } = given;
    const attempts = step.priority > 0 ? { attempts: 0 } : {};
    if (step.priority > 0) revive(model, jobIdsOf(step, world));
    const change = { runAt: runAtOf(step, model.now), priority: step.priority, ...attempts };
    operate(model, jobIdsOf(step, world), (job) => {
      recordLost(job);
      free(job, change);
    });
  },
  permanentlyFail: (model, { step, world }) =>
    operate(model, jobIdsOf(step, world).slice(0, 1), (job) => {
      recordLost(job);
      record(job, "operator");
      free(job, { attempts: job.maxAttempts });
    }),
  retryDead: (model, { step, world }) =>
    revive(model, jobIdsOf(step, world), { runAt: runAtOf(step, model.now) }),
  discardDead: (model, { step, world }) => {
    model.dead.delete(jobIdsOf(step, world)[0] ?? 0);
  },
  completeJobs: (model, { step, world }) => {
    const [id = 0] = jobIdsOf(step, world);
    model.dead.delete(id);
    operate(model, [id], (job) => model.jobs.delete(job.id));
  },
} satisfies Record<string, (model: Model, given: Given) => void>;

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
