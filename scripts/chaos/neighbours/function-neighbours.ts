import { afterInnocents, type Neighbour } from "./neighbour.ts";

/** Which jobs of the rude function. */
type Rude = {
  readonly task: string;
  readonly count: number;
  /** So many of them stay in their slots, and are there before it begins; 0 where not given. */
  readonly staying?: number;
};

const isMany = (count: number) => count > 1_000;

/** Jobs of one task, which come after innocent ones. */
const jobsOf = (does: string, { task, count, staying = 0 }: Rude): Neighbour => ({
  does,
  ...(isMany(count) ? { mayFillMachine: true } : {}),
  begin: async ({ add, many, called }) => {
    await add({
      count: isMany(count) ? many(count) : count,
      task: `'${task}'`,
      priority: afterInnocents,
    });
    if (staying > 0) await called(task, staying);
  },
});

/** Neighbours whose functions answer badly. */
export const functionNeighbours = {
  "never-answers-16": jobsOf("16 jobs of a function that never answers", {
    task: "never",
    count: 16,
    staying: 16,
  }),
  "never-answers": jobsOf("200 jobs of a function that never answers", {
    task: "never",
    count: 200,
    staying: 28,
  }),
  "answers-late": jobsOf("5,000 jobs of a function that answers after 1.5 s", {
    task: "slow",
    count: 5_000,
  }),
  "drips-16": jobsOf("16 jobs of a function that answers byte by byte, 50 a second", {
    task: "drips",
    count: 16,
    staying: 16,
  }),
  "continues-16": jobsOf("16 jobs of a function that says 100 Continue without end", {
    task: "continues",
    count: 16,
  }),
  "chunks-16": jobsOf("16 jobs of a function that answers chunks of one byte without end", {
    task: "chunks",
    count: 16,
  }),
  "headers-16": jobsOf("16 jobs of a function that sends headers without end", {
    task: "headers",
    count: 16,
  }),
  brackets: jobsOf("1,000 jobs of a function that fails with 64 KB of nested brackets", {
    task: "brackets",
    count: 1_000,
  }),
  "reports-16": jobsOf("16 jobs of a function that reports its progress a hundred times a second", {
    task: "reports",
    count: 16,
    staying: 16,
  }),
  "huge-answers": jobsOf("2,000 jobs of a function that answers 10 GB", { task: "huge", count: 2_000 }),
  resets: jobsOf("10,000 jobs of a function that resets each connection", {
    task: "resets",
    count: 10_000,
  }),
  "accepts-only": jobsOf("10,000 jobs of a function that answers 202 and never calls back", {
    task: "accepts",
    count: 10_000,
  }),
  "retry-storm": jobsOf("100,000 jobs that all fail at once", { task: "fails", count: 100_000 }),
  backlog: jobsOf("100,000 due jobs, less urgent than the innocent", { task: "fine", count: 100_000 }),
  "slow-backlog": jobsOf("5,000 due jobs of 200 ms, less urgent than the innocent", {
    task: "busy",
    count: 5_000,
  }),
  "failing-deaths": {
    does: "32 jobs fail for good each second, and a trigger on dead_jobs raises",
    begin: async ({ sql, add, keepDoing }) => {
      await sql.unsafe(`
        create function public.refuse_death() returns trigger language plpgsql
        as $$ begin raise exception 'NO_DEATHS'; end $$;
        create trigger refuse_death after insert on app_jobs.dead_jobs
        for each row execute function public.refuse_death()`);
      keepDoing(() => add({ count: 32, task: "'dies'", priority: afterInnocents }), { perSecond: 1 });
    },
  },
} as const satisfies Readonly<Record<string, Neighbour>>;
