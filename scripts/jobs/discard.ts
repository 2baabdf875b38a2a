import type { Command } from "commander";
import { CommandError, exitCodes } from "./command-error.ts";
import { commandSettings, openQueue } from "./open-queue.ts";
import { idsArgument, jsonOption } from "./options.ts";
import { printRows } from "./print-rows.ts";
import type { Terminal } from "./terminal.ts";

const examples = `
Jobs that are not dead stay as they are.

Examples:
  bun run jobs discard 42 43
  bun run jobs list --dead --task call-webhook --json | jq -r .id | xargs bun run jobs discard`;

/** Adds the command `discard`. */
export function addDiscard(program: Command, terminal: Terminal): void {
  program
    .command("discard")
    .summary("delete dead jobs")
    .description("Deletes dead jobs for good.")
    .argument("<id...>", "numbers of the jobs", idsArgument)
    .addOption(jsonOption())
    .addHelpText("after", examples)
    .action((ids: readonly string[], options: { json?: boolean }) => discard(terminal, ids, options));
}

async function discard(
  terminal: Terminal,
  ids: readonly string[],
  options: { json?: boolean },
): Promise<void> {
  await using queue = openQueue(commandSettings(terminal.env));
  const discarded = await queue.jobs.discard(ids);
  printRows(terminal, discarded, options);
  const found = new Set(discarded.map((job) => job.id));
  const left = ids.filter((id) => !found.has(String(BigInt(id))));
  if (left.length === 0) return;
  const reason = `not dead: ${left.join(", ")}`;
  if (discarded.length === 0)
    throw new CommandError(exitCodes.nothingMatched, `Cannot discard any of these jobs: ${reason}.`);
  terminal.note(`Left as they were; ${reason}.`);
}
