import { join } from "node:path";
import type { Sql } from "../../../db/client/connect.ts";
import { createJobs } from "../../../db/client/jobs.ts";
import { createLookBack } from "../../../services/worker/look-back.ts";

/** What a claim gave: ids and their tokens, pairwise. */
export type Leases = { readonly ids: readonly string[]; readonly tokens: readonly string[] };

/** One worker's way to a queue, over a connection of its own. */
export type Session = {
  readonly claim: (limit: number) => Promise<Leases>;
  /** Gives how many were completed. */
  readonly complete: (leases: Leases) => Promise<number>;
};

/** A way to store jobs. */
export type Shape = {
  readonly name: string;
  /** Creates it in a database that has the migrations. */
  readonly create: (sql: Sql) => Promise<unknown>;
  /** Enqueues so many jobs with this payload in one statement. */
  readonly enqueue: (sql: Sql, count: number, payload: string) => Promise<unknown>;
  readonly open: (sql: Sql) => Promise<Session>;
  /** Schema of its tables. */
  readonly schema: string;
  /** A turn of its own maintenance, which the bench calls every tenth of a second. */
  readonly maintain?: (sql: Sql) => Promise<unknown>;
};

type Row = { id: string; token: string };

const leasesOf = (rows: readonly Row[]): Leases => ({
  ids: rows.map((row) => row.id),
  tokens: rows.map((row) => row.token),
});

/** What the repository has: db/migrations by the worker's own calls, look-back included. */
const today: Shape = {
  name: "(a) one row, as in db/migrations",
  schema: "app_jobs",
  create: async () => {},
  enqueue: (sql, count, payload) =>
    sql.unsafe(
      `insert into app_jobs.jobs (database_id, task_identifier, payload)
       select '00000000-0000-0000-0000-000000000001', 'mail', $2::text::json from generate_series(1, $1::integer)`,
      [count, payload],
      { prepare: true },
    ),
  open: async (sql) => {
    const jobs = createJobs(sql, "app_jobs");
    const run = crypto.randomUUID();
    const lookBack = createLookBack();
    await jobs.registerWorker({ run, workerId: "bench", leaseSeconds: 3600 });
    return {
      claim: async (limit) => {
        const reach = lookBack.reach();
        const startedAt = performance.now();
        const { jobs: claimed } = await jobs.getJobs({
          run,
          limit,
          tasks: { only: null, except: null },
          floors: reach.floors,
        });
        const wasFilled = claimed.length === limit;
        lookBack.looked({ reach, ms: performance.now() - startedAt, claimed, completed: 0, wasFilled });
        return leasesOf(claimed.map(({ id, leaseToken }) => ({ id, token: leaseToken })));
      },
      complete: async ({ ids, tokens }) => {
        const leases = ids.map((jobId, n) => ({ jobId, leaseToken: tokens[n] ?? "" }));
        return (await jobs.completeJobs(leases)).size;
      },
    };
  },
};

/** A prototype, by the SQL file that has its name. */
const prototype = (name: string, schema: string, maintain?: Shape["maintain"]): Shape => ({
  name,
  schema,
  create: async (sql) => sql.unsafe(await Bun.file(join(import.meta.dirname, `${file(schema)}.sql`)).text()),
  enqueue: (sql, count, payload) =>
    sql.unsafe(`select ${schema}.enqueue($1, $2::text::json)`, [count, payload], { prepare: true }),
  open: async (sql) => {
    const run = crypto.randomUUID();
    return {
      claim: async (limit) =>
        leasesOf(
          await sql.unsafe<Row[]>(
            `select id, database_id, task_identifier, payload::text as payload, attempts, max_attempts, priority,
               run_at, token, created_at
             from ${schema}.claim($1, $2)`,
            [run, limit],
            { prepare: true },
          ),
        ),
      complete: async ({ ids, tokens }) =>
        (
          await sql.unsafe(`select ${schema}.complete($1::bigint[], $2::uuid[])`, [ids, tokens] as never[], {
            prepare: true,
          })
        ).length,
    };
  },
  ...(maintain === undefined ? {} : { maintain }),
});

function file(schema: string): string {
  return schema.replaceAll("_", "-");
}

/** All shapes, the present one first: the others are compared with it. */
export const shapes: readonly Shape[] = [
  today,
  prototype("(a) one row, lean", "one_row"),
  prototype("(b) ready → leases, payload moved", "moved"),
  prototype("(b) ready → leases, payload apart", "apart"),
  prototype("(c) segments and receipts", "segments", (sql) => sql`select segments.rotate(5000)`),
];
