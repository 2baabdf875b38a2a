import { free, type Model, type ModelJob, record, recordLost, runAtOf } from "./model-job.ts";
import { jobIdsOf } from "./operations.ts";
import type { Step } from "./steps.ts";
import type { World } from "./world.ts";

type Given = { readonly step: Step; readonly world: World };

/** Puts dead jobs back, in the order of their ids, each with its key where no other has it. */
function revive(model: Model, chosen: readonly number[], change: Partial<ModelJob> = {}): void {
  for (const id of [...new Set(chosen)].sort((a, b) => a - b)) {
    const job = model.dead.get(id);
    if (job === undefined) continue;
    model.dead.delete(id);
    const isTaken = [...model.jobs.values()].some(
      ({ key, tenant }) => key === job.key && tenant === job.tenant,
    );
    const back = {
      attempts: 0,
      superseded: false,
      isEnded: false,
      unansweredToken: null,
      key: isTaken ? null : job.key,
    };
    model.jobs.set(id, { ...job, ...back, ...change });
  }
}

/** Does something to the jobs of a step's choice that nobody has. */
function operate({ jobs }: Model, chosen: readonly number[], change: (job: ModelJob) => void): void {
  for (const id of new Set(chosen)) {
    const job = jobs.get(id);
    if (job !== undefined && (job.lease === null || job.lease.isOver)) change(job);
  }
}

/** What an operator's calls do to the model. */
export const operators = {
  reschedule: (model, given) => {
    const { step, world } = given;
    const attempts = step.priority > 0 ? { attempts: 0 } : {};
    if (step.priority > 0) revive(model, jobIdsOf(step, world));
    const change = { runAt: runAtOf(step, model.now), priority: step.priority, ...attempts };
    operate(model, jobIdsOf(step, world), (job) => {
      recordLost(job);
      free(job, { ...change, ...(job.superseded ? { attempts: job.attempts } : {}) });
    });
  },
  permanentlyFail: (model, { step, world }) =>
    operate(model, jobIdsOf(step, world).slice(0, 1), (job) => {
      recordLost(job);
      record(job, "operator");
      free(job, { isEnded: true });
    }),
  cancel: ({ jobs }, { step, world }) => {
    for (const id of new Set(jobIdsOf(step, world).slice(0, 2))) {
      const job = jobs.get(id);
      if (job === undefined) continue;
      record(job, job.lease === null ? "operator" : "cancelled");
      free(job, { isEnded: true });
    }
  },
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
