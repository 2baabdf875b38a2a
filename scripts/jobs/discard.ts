import type { Command } from "commander";
import { commandSettings, openQueue } from "./open-queue.ts";
import { idsArgument, jsonOption } from "./options.ts";
import { printRows } from "./print-rows.ts";
import { tellLeft } from "./tell-left.ts";
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
  await using queue = await openQueue(commandSettings(terminal.env));
  const discarded = await queue.jobs.discard(ids);
  printRows(terminal, discarded, options);
  tellLeft(terminal, { verb: "discard", ids, done: discarded, otherwise: "not dead" });
}
