import { onlyRow } from "../../../db/client/connect.ts";
import type { BenchDatabase } from "./bench-server.ts";

/** What a database has written so far. */
export type Writes = {
  /** Bytes of the server's write-ahead log. */
  readonly walBytes: number;
  readonly transactions: number;
  /** Row versions that vacuum has to clear, or has cleared. */
  readonly deadTuples: number;
};

/** Gives what a database has written so far. Sessions report at their end, or a second late: ask when they have gone. */
export async function countWrites({ sql }: BenchDatabase): Promise<Writes> {
  const row = onlyRow(
    await sql<Record<keyof Writes, string>[]>`
      select
        pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as "walBytes",
        (select d.xact_commit from pg_stat_database as d where d.datname = current_database()) as transactions,
        (select coalesce(sum(t.n_tup_upd + t.n_tup_del), 0) from pg_stat_user_tables as t) as "deadTuples"`,
  );
  return {
    walBytes: Number(row.walBytes),
    transactions: Number(row.transactions),
    deadTuples: Number(row.deadTuples),
  };
}

/** Gives what was written from one count to the next, for each of so many jobs. */
export function writesPerJob(from: Writes, to: Writes, jobs: number): Writes {
  return {
    walBytes: Math.round((to.walBytes - from.walBytes) / jobs),
    transactions: Number(((to.transactions - from.transactions) / jobs).toFixed(3)),
    deadTuples: Number(((to.deadTuples - from.deadTuples) / jobs).toFixed(2)),
  };
}
