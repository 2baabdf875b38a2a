import type { Command } from "commander";
import type { ListedSchedule } from "../../db/client/schedules.ts";
import { commandSettings, openQueue } from "./open-queue.ts";
import { integerArgument, jsonOption } from "./options.ts";
import { parseExactly } from "./parse-exactly.ts";
import { printRows } from "./print-rows.ts";
import type { Terminal } from "./terminal.ts";

type ListOptions = { readonly limit: number; readonly json?: boolean };

/** Adds the command `schedule list`. */
export function addScheduleList(schedule: Command, terminal: Terminal): void {
  schedule
    .command("list")
    .summary("list schedules, newest first")
    .description(
      "Lists the schedules, newest first, with their next tick, or why they have none, and how many ticks were skipped. Payloads are not listed.",
    )
    .option("--limit <count>", "at most so many", integerArgument(1, 100_000), 50)
    .addOption(jsonOption())
    .action((options: ListOptions) => list(terminal, options));
}

async function list(terminal: Terminal, { limit, json }: ListOptions): Promise<void> {
  await using queue = await openQueue(commandSettings(terminal.env));
  const schedules = await queue.schedules.list(limit);
  if (schedules.length === 0) terminal.note("No schedules.");
  if (json) {
    const rows = schedules.map((row) => ({
      ...row,
      scheduleInfo: row.scheduleInfo === null ? null : parseExactly(row.scheduleInfo),
    }));
    return printRows(terminal, rows, { json });
  }
  const rows = schedules.map((row) => ({
    id: row.id,
    task: row.task,
    tenant: row.databaseId,
    nextTick: nextTickOf(row),
    lastRun: row.lastScheduled,
    lastJob: row.lastScheduledId,
    skipped: row.skippedTicks,
    schedule: row.scheduleInfo,
    error: row.error ?? row.sizeFault,
  }));
  printRows(terminal, rows, {});
  if (schedules.length === limit) terminal.note(`The newest ${limit}; --limit shows more.`);
}

function nextTickOf({ nextTick, isOver, error, pausedAt }: ListedSchedule): Date | string {
  if (isOver) return "over";
  if (error !== null) return "never";
  if (pausedAt !== null) return "paused";
  return nextTick ?? "not read yet";
}
