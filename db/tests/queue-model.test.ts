import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { type TestDatabase, withDatabase } from "../../services/testing/with-database.ts";
import type { AttemptRecord } from "./history/attempt-records.ts";
import { readAttempts } from "./history/make-history.ts";
import type { Model } from "./history/model-job.ts";
import { operations } from "./history/operations.ts";
import { follow } from "./history/queue-model.ts";
import { type Step, steps } from "./history/steps.ts";
import { createWorld, learn } from "./history/world.ts";

// One caller at a time against a model of the queue in memory, which tells after each call what every job must be like. A
// failure prints the seed and the path that repeat it: pass them to fc.assert beside numRuns.

const size = { runs: 25, steps: 120 };

test("whatever is called in turn, claims, outcomes and what is left are as the model says", async () => {
  await fc.assert(
    fc.asyncProperty(steps(size.steps), async (drawn) => {
      await using db = await withDatabase();
      // No job comes due by waiting within a test.
      await db.sql`
        create or replace function app_jobs.backoff_seconds(attempts integer) returns double precision
        language sql as 'select 1e8'`;
      const world = await createWorld(db.sql);
      const model: Model = { jobs: new Map(), dead: new Map(), now: 10 };
      for (const step of drawn) {
        // The model foresees whole claims; a claim of fewer than there are queues may take any of their heads.
        const sized = step.kind.endsWith("etJobs") ? { ...step, count: Math.max(step.count, 3) } : step;
        const effect = await operations[step.kind](sized, world, (_, text, values) =>
          db.sql.unsafe(text, [...values] as never[]),
        );
        expect(follow(model, { step: sized, world, effect })).toBeUndefined();
        await learn(db.sql, world, effect);
        expect(await rowsOf(db, "jobs")).toEqual(rowsOfModel(model.jobs, model.now));
        expect(await rowsOf(db, "dead_jobs")).toEqual(rowsOfModel(model.dead, model.now));
        expect(await readAttempts(db.sql)).toEqual(attemptsOfModel(model));
      }
    }),
    { numRuns: size.runs, interruptAfterTimeLimit: 40_000, markInterruptAsFailure: true },
  );
});

type Row = Pick<Step, "queue" | "key" | "priority" | "maxAttempts" | "tenant"> & {
  readonly id: number;
  readonly attempts: number;
  readonly token: string | null;
  readonly isAccepted: boolean;
  readonly isDue: boolean;
};

async function rowsOf({ sql }: TestDatabase, table: string): Promise<Row[]> {
  const rows = await sql<Row[]>`
    select id::int, database_id as tenant, queue_name as queue, key, priority, attempts, max_attempts as "maxAttempts",
      case when locked_at is not null then lease_token end as token, accepted_at is not null as "isAccepted",
      run_at <= now() as "isDue"
    from ${sql(`app_jobs.${table}`)} order by id`;
  return [...rows];
}

function rowsOfModel(jobs: Model["jobs"], now: number): Row[] {
  return [...jobs.values()]
    .sort((a, b) => a.id - b.id)
    .map(({ id, tenant, queue, key, priority, attempts, maxAttempts, lease, runAt }) => ({
      id,
      tenant,
      queue,
      key,
      priority,
      attempts,
      maxAttempts,
      token: lease?.token ?? null,
      isAccepted: lease?.isAccepted ?? false,
      isDue: runAt <= now,
    }));
}

function attemptsOfModel({ jobs, dead }: Model): AttemptRecord[] {
  return [...jobs.values(), ...dead.values()]
    .sort((a, b) => a.id - b.id)
    .flatMap(({ attemptRecords }) => attemptRecords);
}
