import { type Command, Option } from "commander";
import { type JobState, jobStates } from "./job-queries.ts";
import { commandSettings, openQueue } from "./open-queue.ts";
import { databaseIdArgument, integerArgument, jsonOption } from "./options.ts";
import { printRows, tookText } from "./print-rows.ts";
import type { Terminal } from "./terminal.ts";
import { noteUntaken } from "./untaken.ts";

type ListOptions = {
  readonly state?: JobState;
  readonly dead?: boolean;
  readonly completed?: boolean;
  readonly task?: string;
  readonly db?: string;
  readonly limit: number;
  readonly json?: boolean;
};

const examples = `
States: ready (due), scheduled (due later), running, retrying (has failed and will run again; LAST ERROR says why), dead (out of
attempts, failed for good, or cancelled), completed.
Where jobs are due that no living worker takes, a remark names their tasks.
Completed jobs are listed where they are asked for and kept (JOBS_KEEP_COMPLETED). Payloads are not listed.

Examples:
  bun run jobs list --dead
  bun run jobs list --completed
  bun run jobs list --state retrying --db 00000000-0000-4000-8000-000000000001
  bun run jobs list --task send-email-link --limit 10 --json`;

/** Adds the command `list`. */
export function addList(program: Command, terminal: Terminal): void {
  program
    .command("list")
    .summary("list jobs, newest first")
    .description("Lists the jobs that wait, run or are dead, or those that completed, newest first.")
    .addOption(new Option("--state <state>", "only these").choices(jobStates))
    .addOption(new Option("--dead", "the same as --state dead").conflicts(["state", "completed"]))
    .addOption(new Option("--completed", "the same as --state completed").conflicts("state"))
    .option("--task <task>", "only of this function")
    .option("--db <uuid>", "only of this tenant", databaseIdArgument)
    .option("--limit <count>", "at most so many", integerArgument(1, 100_000), 50)
    .addOption(jsonOption())
    .addHelpText("after", examples)
    .action((options: ListOptions) => list(terminal, options));
}

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
  const { dead, completed, task = null, db: databaseId = null, limit, json = false } = options;
  const state = dead ? "dead" : completed ? "completed" : (options.state ?? null);
  await using queue = await openQueue(commandSettings(terminal.env));
  const jobs = await queue.jobs.list({ state, task, databaseId, limit });
  if (jobs.length === 0) terminal.note("No jobs.");
  await noteUntaken(terminal, queue);
  if (json) return printRows(terminal, jobs, { json });
  const rows = jobs.map(({ attempts, maxAttempts, ...job }) => ({
    id: job.id,
    task: job.task,
    tenant: job.databaseId,
    state: job.state,
    attempts: `${attempts}/${maxAttempts}`,
    ...(state === "completed"
      ? { completedAt: job.completedAt, took: tookText(job.durationSeconds) }
      : { runAt: job.runAt }),
    lastError: job.lastError,
  }));
  printRows(terminal, rows, {});
  if (jobs.length === limit) terminal.note(`The newest ${limit}; --limit shows more.`);
}
