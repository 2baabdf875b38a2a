import type { Sql } from "../../../db/client/connect.ts";
import { insertJobs, type JobsChoice } from "../host/insert-jobs.ts";

/** What lies in the table beside the load that is measured. */
export type BacklogCase = {
  readonly name: string;
  /** Puts it there. */
  readonly load: (sql: Sql) => Promise<void>;
  /** The load itself: free jobs, or jobs of serial queues, one in each. */
  readonly isSerial: boolean;
  /** Nothing of it is due: polls can be empty. */
  readonly nothingDue: boolean;
};

const beside = (name: string, choice: JobsChoice): BacklogCase => ({
  name,
  load: (sql) => insertJobs(sql, choice),
  isSerial: false,
  nothingDue: choice.dead === true || choice.inSeconds !== undefined,
});

/** Two queues whose first job runs, for as long as plain get_job leases it, and that many behind each. */
const blocked = (name: string, countEach: number): BacklogCase => ({
  name,
  load: async (sql) => {
    await insertJobs(sql, { count: 2 * countEach, queues: { name: "blocked", count: 2 } });
    for (const worker of ["one", "two"]) await sql`select from app_jobs.get_job(${worker})`;
  },
  isSerial: false,
  nothingDue: true,
});

/** All cases by their names on the command line. */
export const backlogCases: Readonly<Record<string, BacklogCase>> = {
  "ready-1e5": beside("100,000 more ready", { count: 1e5 }),
  "ready-1e6": beside("1,000,000 more ready", { count: 1e6 }),
  "ready-1e7": beside("10,000,000 more ready", { count: 1e7 }),
  "future-1e6": beside("1,000,000 in the future", { count: 1e6, inSeconds: 86_400 }),
  "dead-1e5": beside("100,000 dead", { count: 1e5, dead: true }),
  "blocked-1e5": blocked("2 serial queues blocked, 100,000 jobs behind each", 1e5),
  "queues-1e4": {
    name: "10,000 serial queues of one job each, claimed",
    load: (sql) => insertJobs(sql, { count: 1e4, queues: { name: "waiting", count: 1e4 } }),
    isSerial: true,
    nothingDue: false,
  },
};
