import { afterInnocents, type Neighbour, type Tools } from "./neighbour.ts";

const later = "now() + interval '1 day'";
const others = { JOBS_SUPPORT_ANY: "false", JOBS_SUPPORTED: "innocent,fine" };

/** Holds a snapshot from before so many jobs came and went: what they leave in indexes stays. */
async function comeAndGo({ sql, many, add, leaveOpen }: Tools): Promise<void> {
  await leaveOpen("select count(*) from app_jobs.jobs", "repeatable read");
  await add({
    count: many(300_000),
    task: "'fine'",
    runAt: "now() - interval '1 hour' + i * interval '1 ms'",
  });
  await sql`delete from app_jobs.jobs where task_identifier = 'fine'`;
}

/** Neighbours whose jobs lie there and wait: not due, not for this worker, or of a function that is out of reach. */
export const waitingNeighbours = {
  "future-priorities": {
    does: "100,000 jobs of as many priorities wait for tomorrow",
    begin: ({ add, many }) =>
      add({ count: many(100_000), task: "'fine'", priority: "1000 + i", runAt: later }),
  },
  "future-urgent-priorities": {
    does: "100,000 jobs of as many priorities, all more urgent than the innocent, wait for tomorrow",
    begin: ({ add, many }) => add({ count: many(100_000), task: "'fine'", priority: "-i", runAt: later }),
  },
  "future-jobs": {
    does: "a million jobs wait for tomorrow",
    begin: ({ add, many }) => add({ count: many(1_000_000), task: "'fine'", runAt: later }),
  },
  "unsupported-priorities": {
    does: "100,000 due jobs of as many priorities, of a task that no worker takes",
    env: others,
    begin: ({ add, many }) => add({ count: many(100_000), task: "'foreign'", priority: "-i" }),
  },
  "unsupported-1e5": {
    does: "100,000 due jobs of a task that no worker takes",
    env: others,
    begin: ({ add, many }) => add({ count: many(100_000), task: "'foreign'" }),
  },
  "unsupported-1e6": {
    does: "a million due jobs of a task that no worker takes",
    env: others,
    begin: ({ add, many }) => add({ count: many(1_000_000), task: "'foreign'" }),
  },
  "unsupported-queues": {
    does: "100,000 serial queues of a task that no worker takes",
    env: others,
    begin: ({ add, many }) => add({ count: many(100_000), task: "'foreign'", queue: "'foreign-' || i" }),
  },
  "down-1e5": {
    does: "100,000 due jobs of a function that answers 503",
    begin: async ({ add, many, called }) => {
      await add({ count: many(100_000), task: "'down-1e5'" });
      await called("down-1e5", 1);
    },
  },
  "down-1e6": {
    does: "a million due jobs of a function that answers 503",
    begin: async ({ add, many, called }) => {
      await add({ count: many(1_000_000), task: "'down-1e6'" });
      await called("down-1e6", 1);
    },
  },
  "down-for-years": {
    does: "100,000 due jobs of a function that answers 503 with a Retry-After of years",
    begin: async ({ add, many, called }) => {
      await add({ count: many(100_000), task: "'years'" });
      await called("years", 1);
    },
  },
  "limited-for-years": {
    does: "100,000 due jobs of a function that answers 429 with a Retry-After of years",
    begin: async ({ add, many, called }) => {
      await add({ count: many(100_000), task: "'limits'" });
      await called("limits", 1);
    },
  },
  "refused-queues": {
    does: "300,000 serial queues of a function whose connections are refused",
    begin: ({ add, many }) => add({ count: many(300_000), task: "'refused'", queue: "'refused-' || i" }),
  },
  "down-queues": {
    does: "300,000 serial queues of a function that answers 503",
    begin: ({ add, many }) => add({ count: many(300_000), task: "'down-queues'", queue: "'down-' || i" }),
  },
  "future-queues": {
    does: "300,000 serial queues whose jobs wait for tomorrow",
    begin: ({ add, many }) =>
      add({ count: many(300_000), task: "'fine'", queue: "'later-' || i", runAt: later }),
  },
  "long-queue": {
    does: "a serial queue with a tail of a million, whose first job runs",
    begin: async ({ add, many, called }) => {
      await add({ count: many(1_000_000), task: "'never-long'", queue: "'long'" });
      await called("never-long", 1);
    },
  },
  "future-tasks": {
    does: "100,000 tasks, a job of each waits for tomorrow",
    begin: ({ add, many }) => add({ count: many(100_000), task: "'fine-' || i", runAt: later }),
  },
  "down-tasks": {
    does: "100,000 tasks, a due job of each, all functions answer 503",
    mayFillMachine: true,
    begin: ({ add, many }) => add({ count: many(100_000), task: "'down-' || i", priority: afterInnocents }),
  },
  "unsupported-tasks": {
    does: "100,000 tasks that no worker takes, a due job of each",
    env: others,
    begin: ({ add, many }) => add({ count: many(100_000), task: "'foreign-' || i" }),
  },
  "old-snapshot": {
    does: "a session holds an old snapshot, and 300,000 jobs have come and gone since",
    begin: comeAndGo,
  },
} as const satisfies Readonly<Record<string, Neighbour>>;
