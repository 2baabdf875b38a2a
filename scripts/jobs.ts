import { Command } from "commander";
import { leftOutLines } from "../services/database/describe-database.ts";
import { addCancel } from "./jobs/cancel.ts";
import { addDiscard } from "./jobs/discard.ts";
import { addEnqueue } from "./jobs/enqueue.ts";
import { explainFailure } from "./jobs/explain-failure.ts";
import { addList } from "./jobs/list.ts";
import { commandSettings } from "./jobs/open-queue.ts";
import { addPolicy } from "./jobs/policy.ts";
import { addRetry } from "./jobs/retry.ts";
import { addScheduleAdd } from "./jobs/schedule-add.ts";
import { addScheduleList } from "./jobs/schedule-list.ts";
import { addSchedulePause } from "./jobs/schedule-pause.ts";
import { addScheduleRemove } from "./jobs/schedule-remove.ts";
import { addShow } from "./jobs/show.ts";
import type { Terminal } from "./jobs/terminal.ts";

const about = `
Uses the database that PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE, or DATABASE_URL, name; without PGHOST and
DATABASE_URL that of the local stack ("bun run start"). JOBS_SCHEMA names its schema (app_jobs).

Answers go to stdout, remarks to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing matched,
4 database out of reach.`;

const terminal: Terminal = {
  env: process.env,
  print: (line) => console.log(line),
  note: (line) => console.error(line),
  readInput: () => Bun.stdin.bytes(),
  width: process.stdout.isTTY ? process.stdout.columns : null,
};

const program = new Command("jobs")
  .usage("COMMAND [options]")
  .description(
    "Looks after the job queue: enqueues, lists, retries, discards and cancels jobs, keeps schedules and policies.",
  )
  .addHelpText("after", about)
  .exitOverride()
  .showHelpAfterError("Add --help for how to use it.");

addEnqueue(program, terminal);
addList(program, terminal);
addShow(program, terminal);
addRetry(program, terminal);
addDiscard(program, terminal);
addCancel(program, terminal);
addPolicy(program, terminal);

const schedule = program
  .command("schedule")
  .summary("add, list, pause, resume and remove schedules")
  .description("Keeps the schedules, which make jobs at their ticks.");
addScheduleAdd(schedule, terminal);
addScheduleList(schedule, terminal);
addSchedulePause(schedule, terminal);
addScheduleRemove(schedule, terminal);

program.hook("preAction", () => {
  for (const line of leftOutLines(commandSettings(terminal.env))) terminal.note(line);
});

try {
  await program.parseAsync();
} catch (error) {
  const { message, exitCode } = explainFailure(error, terminal);
  if (message !== null) terminal.note(message);
  process.exitCode = exitCode;
}
