import type { Command } from "commander";
import { CommandError, exitCodes } from "./command-error.ts";
import { commandSettings, openQueue } from "./open-queue.ts";
import { idsArgument, jsonOption } from "./options.ts";
import { printRows } from "./print-rows.ts";
import type { Terminal } from "./terminal.ts";

/** Adds the command `schedule remove`. */
export function addScheduleRemove(schedule: Command, terminal: Terminal): void {
  schedule
    .command("remove")
    .summary("remove schedules")
    .description("Removes schedules for good. The jobs that they have made stay.")
    .argument("<id...>", "numbers of the schedules", idsArgument)
    .addOption(jsonOption())
    .action((ids: readonly string[], options: { json?: boolean }) => remove(terminal, ids, options));
}

async function remove(
  terminal: Terminal,
  ids: readonly string[],
  options: { json?: boolean },
): Promise<void> {
  await using queue = await openQueue(commandSettings(terminal.env));
  const removed = await queue.schedules.remove(ids);
  printRows(
    terminal,
    removed.map((id) => ({ id })),
    options,
  );
  const left = ids.filter((id) => !removed.includes(String(BigInt(id))));
  if (removed.length === 0)
    throw new CommandError(
      exitCodes.nothingMatched,
      `Cannot remove: no schedule has the id ${left.join(", ")}. "jobs schedule list" shows those that there are.`,
    );
  if (left.length > 0) terminal.note(`Not there: ${left.join(", ")}.`);
}
