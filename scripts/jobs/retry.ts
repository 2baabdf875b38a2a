import type { Command } from "commander";
import { CommandError, exitCodes } from "./command-error.ts";
import { commandSettings, openQueue } from "./open-queue.ts";
import { idsArgument, jsonOption } from "./options.ts";
import { printRows } from "./print-rows.ts";
import type { Terminal } from "./terminal.ts";

const examples = `
A dead job comes back to life, a waiting one need not wait. Jobs that are running stay as they are.

Examples:
  bun run jobs retry 42 43
  bun run jobs list --state dead --json | jq -r .id | xargs bun run jobs retry`;

/** Adds the command `retry`. */
export function addRetry(program: Command, terminal: Terminal): void {
  program
    .command("retry")
    .summary("run jobs now, with all attempts again")
    .description("Lets jobs run now, with all their attempts again.")
    .argument("<id...>", "numbers of the jobs", idsArgument)
    .addOption(jsonOption())
    .addHelpText("after", examples)
    .action((ids: readonly string[], options: { json?: boolean }) => retry(terminal, ids, options));
}

async function retry(terminal: Terminal, ids: readonly string[], options: { json?: boolean }): Promise<void> {
  await using queue = openQueue(commandSettings(terminal.env));
  const retried = await queue.jobs.retry(ids);
  printRows(terminal, retried, options);
  const found = new Set(retried.map((job) => job.id));
  const left = ids.filter((id) => !found.has(String(BigInt(id))));
  if (left.length === 0) return;
  const reason = `not there, or running: ${left.join(", ")}`;
  if (retried.length === 0)
    throw new CommandError(exitCodes.nothingMatched, `Cannot retry any of these jobs: ${reason}.`);
  terminal.note(`Left as they were; ${reason}.`);
}
