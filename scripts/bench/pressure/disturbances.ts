import { type BenchDatabase, openDatabase } from "../host/bench-server.ts";
import { insertJobs } from "../host/insert-jobs.ts";

/** Something that goes on beside the queue until it is disposed of. */
export type Disturbance = {
  readonly name: string;
  /** Begins it. */
  readonly begin: (database: BenchDatabase) => Promise<AsyncDisposable>;
  /** How many times the rate before is enqueued meanwhile, at least; 0 tops the queue up to a few thousand as ever. */
  readonly load: number;
};

const nothing = async (): Promise<AsyncDisposable> => ({ [Symbol.asyncDispose]: async () => {} });

/** A session that has read the table in a transaction of one snapshot, and stays there. */
async function holdSnapshot({ url }: BenchDatabase): Promise<AsyncDisposable> {
  const sql = openDatabase(url, 1);
  await sql.unsafe("begin isolation level repeatable read");
  await sql`select count(*) from app_jobs.jobs`;
  return {
    [Symbol.asyncDispose]: async () => {
      await sql.unsafe("commit");
      await sql.end({ timeout: 1 });
    },
  };
}

/** Two sessions that read the whole table again and again, each keeping its snapshot for 20 seconds. */
async function readLong({ url }: BenchDatabase): Promise<AsyncDisposable> {
  const sql = openDatabase(url, 2);
  const over = new AbortController();
  const readers = [0, 10].map(async (delay) => {
    await sql`select pg_sleep(${delay})`.catch(() => undefined);
    while (!over.signal.aborted)
      await sql`
        select task_identifier, count(*), avg(length(payload::text))
        from app_jobs.jobs, (select pg_sleep(20)) as pause
        group by 1`.catch(() => undefined);
  });
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort();
      await sql.end({ timeout: 0 });
      await Promise.all(readers);
    },
  };
}

/** All disturbances by their names on the command line. */
export const disturbances: Readonly<Record<string, Disturbance>> = {
  snapshot: { name: "a session holds an old snapshot", begin: holdSnapshot, load: 0 },
  readers: { name: "two readers run queries of 20 seconds", begin: readLong, load: 0 },
  burst: {
    name: "100,000 jobs arrive at once",
    begin: async (database) => {
      await insertJobs(database.sql, { count: 100_000 });
      return nothing();
    },
    load: 0,
  },
  overload: { name: "jobs arrive at 1.2 times the rate", begin: nothing, load: 1.2 },
};
