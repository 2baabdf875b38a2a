import type { Sql } from "../../../db/client/connect.ts";
import { until } from "../../../services/testing/until.ts";
import { openDatabase } from "../../bench/host/bench-server.ts";
import type { Env } from "../jobs/create-cast.ts";
import type { House } from "./site.ts";

/** Somebody who makes noise beside innocent jobs, as anybody may who can enqueue, answer a request or open a transaction. */
export type Neighbour = {
  /** What it does, in a sentence. */
  readonly does: string;
  /** Settings of the job service, where it needs others than the defaults. */
  readonly env?: Env;
  /**
   * Whether it asks for so much work that it may use the machine up: then innocent jobs may be as late as those of a service beside,
   * which has nothing but the machine in common with it.
   */
  readonly mayFillMachine?: true;
  /**
   * Begins it, and resolves when innocent jobs are to be looked at. All that it opens by these tools is closed when it is over; its
   * database and job service go then too.
   */
  readonly begin: (tools: Tools) => Promise<void>;
};

/** What a neighbour makes its noise with. */
export type Tools = {
  /** Connections of an application, as the owner of the schema. */
  readonly sql: Sql;
  /** Scales a number of jobs, queues, names or bytes: as it is in a real run, less in a short one. */
  readonly many: (count: number) => number;
  /** Inserts jobs in one statement. */
  readonly add: (jobs: JobsToAdd) => Promise<void>;
  /** Runs statements in a transaction of its own, and leaves that open until it is over. */
  readonly leaveOpen: (statements: string, isolation?: "read committed" | "repeatable read") => Promise<void>;
  /** Resolves when the rude function has had so many calls of a task since these tools were given. */
  readonly called: (task: string, count: number) => Promise<void>;
  /** Does it again and again from now on, so often a second at most, until it is over. A statement that fails is tried again. */
  readonly keepDoing: (act: (sql: Sql) => Promise<unknown>, options?: Pace) => void;
  /** Does it when it is over. */
  readonly undo: (act: () => Promise<unknown>) => void;
};

/** How often, and how many side by side. */
export type Pace = { readonly perSecond?: number; readonly lanes?: number };

/** Which jobs to insert: what is not a number is SQL, in which `i` is a job's number from 1 on. */
export type JobsToAdd = {
  readonly count: number;
  readonly task: string;
  /** 0 where not given, as that of innocent jobs. */
  readonly priority?: string;
  /** An hour ago where not given: before all innocent jobs. */
  readonly runAt?: string;
  readonly queue?: string;
  readonly key?: string;
  readonly payload?: string;
  readonly maxAttempts?: number;
};

/** The tenant of a neighbour's jobs, as SQL. */
export const tenant = "'00000000-0000-4000-8000-00000000000f'::uuid";

/** Comes after all innocent jobs. What is due and can run waits its turn by this, so that it may have the slots that are left. */
export const afterInnocents = "10";

/** Gives the tools, on a job service's database; disposing of them ends all that they began. */
export async function createTools(house: House, scale: number): Promise<Tools & AsyncDisposable> {
  const callsBefore = await callsOf(house);
  const parts = new AsyncDisposableStack();
  const over = new AbortController();
  const open = (max: number) => {
    const sql = openDatabase(house.database.url, max);
    parts.defer(() => sql.end({ timeout: 1 }));
    return sql;
  };
  const sql = open(4);
  const many = (count: number) => Math.max(1, Math.round(count * scale));
  return {
    sql,
    many,
    add: async (jobs) => {
      await sql.unsafe(insertOf(jobs));
    },
    leaveOpen: async (statements, isolation = "read committed") => {
      await open(1).unsafe(`begin isolation level ${isolation}; ${statements}`);
    },
    called: async (task, count) => {
      await until(
        `the function has ${count} calls of ${task}`,
        async () => ((await callsOf(house))[task] ?? 0) - (callsBefore[task] ?? 0) >= count,
        60_000,
      );
    },
    keepDoing: (act, { perSecond = 1_000, lanes = 1 } = {}) => {
      for (let lane = 0; lane < lanes; lane++) {
        const doing = doUntil(over.signal, { act, sql: open(1), everyMs: (1_000 * lanes) / perSecond });
        parts.defer(() => doing);
      }
    },
    undo: (act) => {
      parts.defer(async () => {
        await act();
      });
    },
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await parts.disposeAsync();
      // Whoever still waits for an answer is let go.
      await fetch(house.site.rudeUrl, { method: "DELETE" });
    },
  };
}

async function callsOf({ site }: House): Promise<Record<string, number>> {
  return await (await fetch(site.rudeUrl)).json();
}

type Doing = {
  readonly act: (sql: Sql) => Promise<unknown>;
  readonly sql: Sql;
  readonly everyMs: number;
};

async function doUntil(signal: AbortSignal, { act, sql, everyMs }: Doing): Promise<void> {
  while (!signal.aborted) {
    const startedAt = performance.now();
    await act(sql).catch(() => undefined);
    await Bun.sleep(Math.max(0, startedAt + everyMs - performance.now()));
  }
}

function insertOf(jobs: JobsToAdd): string {
  const { count, task, priority = "0", runAt = "now() - interval '1 hour'" } = jobs;
  const { queue = "null", key = "null", payload = "'{}'", maxAttempts = 25 } = jobs;
  return `
    insert into app_jobs.jobs
      (database_id, task_identifier, priority, run_at, queue_name, key, payload, max_attempts)
    select ${tenant}, ${task}, ${priority}, ${runAt}, ${queue}, ${key}, ${payload}, ${maxAttempts}
    from generate_series(1, ${count}) as i`;
}
