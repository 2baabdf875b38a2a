import type { Sql } from "../../../db/client/connect.ts";
import type { BenchDatabase } from "../host/bench-server.ts";
import type { Program } from "../host/run-program.ts";

/** What to run a queue's worker with. */
export type WorkerStage = {
  readonly database: BenchDatabase;
  readonly functionUrl: string;
  /** Requests in flight at most. */
  readonly inFlight: number;
  /** Which of its documented settings to use: those for the most jobs a second, or for the shortest wait. */
  readonly aim: "rate" | "latency";
};

/** A statement with its values, all text. */
export type Statement = { readonly text: string; readonly values: readonly string[] };

/** A job queue that a bench measures, ours or a peer. Its task is `mail`, a payload is `{"n": 7}`. */
export type Queue = {
  readonly name: string;
  /** Requests that one of its worker processes can have in flight, where that has a limit. */
  readonly mostInFlight?: number;
  /** Whether it calls a job complete only when the function calls back. */
  readonly isCalledBack?: boolean;
  /** Makes its tables in a database that has ours. */
  readonly prepare: (database: BenchDatabase) => Promise<void>;
  /** Gives the statement that enqueues one job. */
  readonly addOne: (payload: string) => Statement;
  /** Gives the statement that enqueues many; null where it has none. */
  readonly addMany: ((payloads: readonly string[]) => Statement) | null;
  /** Starts one worker process. */
  readonly startWorker: (stage: WorkerStage) => Program | Promise<Program>;
  /** A query that gives a row while a job waits or runs. */
  readonly unfinished: string;
};

/** Enqueues so many jobs, numbered from 0, and leaves the database as tidy as autovacuum would. */
export async function fillQueue(queue: Queue, { sql }: BenchDatabase, count: number): Promise<void> {
  const atOnce = queue.addMany === null ? 1 : 5000;
  for (let first = 0; first < count; first += atOnce) {
    const payloads = Array.from({ length: Math.min(atOnce, count - first) }, (_, i) => payloadOf(first + i));
    await execute(sql, queue.addMany?.(payloads) ?? queue.addOne(payloadOf(first)));
  }
  await sql`vacuum analyze`;
}

/** Runs a statement, prepared once a connection. */
export async function execute(sql: Pick<Sql, "unsafe">, { text, values }: Statement): Promise<void> {
  await sql.unsafe(text, [...values], { prepare: true });
}

/** Gives the payload of the job with this number. */
export function payloadOf(n: number): string {
  return `{"n":${n}}`;
}
