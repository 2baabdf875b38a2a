import { type Neighbour, type Tools, tenant } from "./neighbour.ts";

/** Half the slots: what runs shall be in nobody's way by its number. */
const running = 16;

/** Keeps jobs with the keys k1 to k16 running, each for 1.5 s. */
async function runKeyed({ add, called }: Tools): Promise<void> {
  await add({ count: running, task: "'slow'", key: "'k' || i" });
  await called("slow", running);
}

/** Leaves a transaction open that did this while jobs with the keys k1 to k16 were running, whose outcomes come soon. */
const whileTheyRun = (does: string, statements: string): Neighbour => ({
  does: `an open transaction ${does}, while those run`,
  begin: async (tools) => {
    await runKeyed(tools);
    await tools.leaveOpen(statements);
  },
});

const leftOpen = (does: string, statements: string): Neighbour => ({
  does: `an open transaction ${does}`,
  begin: (tools) => tools.leaveOpen(statements),
});

const ofTheirs = "(select array_agg(id) from app_jobs.jobs where task_identifier = 'slow')";
const addJob = `app_jobs.add_job(${tenant}, 'fine'`;

/** Neighbours that leave a transaction open, or do in a session what an application's owner may. */
export const transactionNeighbours = {
  "open-enqueue": leftOpen(
    "has enqueued a thousand jobs",
    `select count(${addJob})) from generate_series(1, 1000)`,
  ),
  "open-queues": leftOpen(
    "has enqueued into a thousand serial queues",
    `select count(${addJob}, queue_name => 'open-' || i)) from generate_series(1, 1000) as i`,
  ),
  "open-keys": leftOpen(
    "has enqueued a thousand jobs with keys",
    `select count(${addJob}, job_key => 'open-' || i)) from generate_series(1, 1000) as i`,
  ),
  "open-schedule": leftOpen(
    "has added a schedule and locks all others",
    `select from app_jobs.add_scheduled_job(${tenant}, 'fine', schedule_info => '{"rule": "* * * * *"}', job_key => 'open');
     select from app_jobs.scheduled_jobs for update`,
  ),
  "open-policy": leftOpen(
    "has set a policy for the innocent task",
    "select from app_jobs.set_task_policy('innocent', max_attempts => 20)",
  ),
  "open-upserts": whileTheyRun(
    "has enqueued with the keys of 16 running jobs",
    `select count(app_jobs.add_job(${tenant}, 'slow', job_key => 'k' || i)) from generate_series(1, ${running}) as i`,
  ),
  "open-locks": whileTheyRun("has locked all jobs FOR UPDATE", "select from app_jobs.jobs for update"),
  "open-shares": whileTheyRun("has locked all jobs FOR SHARE", "select from app_jobs.jobs for share"),
  "open-cancel": whileTheyRun(
    "has cancelled 16 running jobs",
    `select from app_jobs.cancel_jobs(${ofTheirs})`,
  ),
  "open-reschedule": whileTheyRun(
    "has changed the priority of 16 running jobs",
    `select from app_jobs.reschedule_jobs(${ofTheirs}, priority => 5)`,
  ),
  "open-permanent-failure": whileTheyRun(
    "has failed 16 running jobs for good",
    `select from app_jobs.permanently_fail_jobs(${ofTheirs})`,
  ),
  "open-delete": whileTheyRun(
    "has deleted 16 running jobs",
    "delete from app_jobs.jobs where task_identifier = 'slow'",
  ),
  "prepared-locks": {
    does: "a prepared transaction has locked 16 running jobs",
    begin: async (tools) => {
      await runKeyed(tools);
      await tools.leaveOpen("select from app_jobs.jobs for update; prepare transaction 'neighbour'");
      tools.undo(() => tools.sql`rollback prepared 'neighbour'`);
    },
  },
  "open-table-lock": leftOpen(
    "has locked the table of jobs as CREATE INDEX CONCURRENTLY and VACUUM do",
    "lock table app_jobs.jobs in share update exclusive mode",
  ),
  "open-row-table-lock": leftOpen(
    "has locked the table of jobs as SELECT FOR UPDATE does",
    "lock table app_jobs.jobs in row exclusive mode",
  ),
  maintenance: {
    does: "CREATE INDEX CONCURRENTLY, ANALYZE and VACUUM of 200,000 jobs, again and again",
    mayFillMachine: true,
    begin: async ({ add, many, keepDoing }) => {
      await add({ count: many(200_000), task: "'fine'", runAt: "now() + interval '1 day'" });
      keepDoing(async (sql) => {
        await sql.unsafe("create index concurrently if not exists noise on app_jobs.jobs (created_at)");
        await sql.unsafe("analyze app_jobs.jobs");
        await sql.unsafe("vacuum app_jobs.jobs");
        await sql.unsafe("drop index concurrently if exists app_jobs.noise");
      });
    },
  },
  rollbacks: {
    does: "transactions enqueue and are rolled back, a thousand a second",
    mayFillMachine: true,
    begin: async ({ keepDoing }) =>
      keepDoing((sql) => sql.unsafe(`begin; select from ${addJob}); rollback`), {
        perSecond: 1_000,
        lanes: 4,
      }),
  },
  "one-key": {
    does: "one key is enqueued 10,000 times a second, by transactions of a thousand",
    mayFillMachine: true,
    begin: async ({ keepDoing }) =>
      keepDoing(
        (sql) =>
          sql.unsafe(
            `select count(${addJob}, job_key => 'one', priority => 10)) from generate_series(1, 1000)`,
          ),
        { perSecond: 10 },
      ),
  },
} as const satisfies Readonly<Record<string, Neighbour>>;
