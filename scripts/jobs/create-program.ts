import { Command } from "commander";
import { leftOutLines } from "../../services/database/describe-database.ts";
import { addCancel } from "./cancel.ts";
import { addDiscard } from "./discard.ts";
import { addEnqueue } from "./enqueue.ts";
import { addList } from "./list.ts";
import { commandSettings } from "./open-queue.ts";
import { addPolicy } from "./policy.ts";
import { addRetry } from "./retry.ts";
import { addScheduleAdd } from "./schedule-add.ts";
import { addScheduleList } from "./schedule-list.ts";
import { addSchedulePause } from "./schedule-pause.ts";
import { addScheduleRemove } from "./schedule-remove.ts";
import { addShow } from "./show.ts";
import type { Terminal } from "./terminal.ts";

const about = `
Uses the database that PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE, or DATABASE_URL, name; without PGHOST and
DATABASE_URL that of the local stack ("bun run start"). JOBS_SCHEMA names its schema (app_jobs).

Answers go to stdout, remarks to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing matched,
4 database out of reach.`;

/** Gives the command line `jobs`, which reads from and prints to this terminal. */
export function createProgram(terminal: Terminal): Command {
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
  return program;
}
